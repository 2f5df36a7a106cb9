"""What is on a page: printed lines, forms, text lines, segments of ink. No digit is named here."""
