"""The API of sources and synthetic sets."""
