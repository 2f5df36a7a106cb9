"""What is drawn for training beside what was read: crops of one digit, and lines of digits."""
