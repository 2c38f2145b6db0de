"""Synthetic data: released sources, orders, generation, the release gate, publication and download."""
