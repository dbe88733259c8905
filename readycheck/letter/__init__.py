"""The flow letter: from a profile to what the security and network teams are asked to open."""
