"""A style-based generator with adaptive discriminator augmentation, written from the papers."""
