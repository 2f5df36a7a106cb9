"""Text lines, columns and rows of a page, and what disturbs them."""
