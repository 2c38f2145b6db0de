"""Template tags of the diagnosis app."""
