"""Template tags and filters of the synthesis pages."""
