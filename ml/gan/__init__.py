"""Generative adversarial networks: one file per architecture over one training loop."""
