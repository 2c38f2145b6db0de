"""The API of the diagnosis app."""
