"""What people do with sources and synthetic sets."""
