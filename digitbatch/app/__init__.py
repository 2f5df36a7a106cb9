"""One run: what is known, what is new, and what is put down."""
