"""Passes that score doubtful digits anew."""
