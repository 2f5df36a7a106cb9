"""What is pen and what is print: judges of words, of type, of noise."""
