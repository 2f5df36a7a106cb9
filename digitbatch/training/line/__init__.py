"""Training of the line network: made lines of digits, the loop, the export."""
