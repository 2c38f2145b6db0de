"""Pages about sources, orders and published synthetic sets."""
