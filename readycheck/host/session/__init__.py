"""What kind of session this is, and where its media is handled: one reader for each system."""
