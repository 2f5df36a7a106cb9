"""Decoding under the rules of fields and the sums between them."""
