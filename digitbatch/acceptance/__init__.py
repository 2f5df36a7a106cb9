"""How sure a field is, which fields may be accepted, and why others are for review."""
