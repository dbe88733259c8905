"""A site on paper: agents, their calls, the link that carries them, and which leg is billed."""
