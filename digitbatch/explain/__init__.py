"""Pictures and texts that show how a page was read."""
