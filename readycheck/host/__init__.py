"""What this operating system says and wants."""
