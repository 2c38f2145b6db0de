"""Pages about people and what they did."""
