"""Printed lines taken out of an ink mask."""
