"""What is filled in on the synthesis pages."""
