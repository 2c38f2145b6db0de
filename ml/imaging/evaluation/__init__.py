"""Grouped cross-validation of the image classifier beside ResNet-18, and what is read from its models."""
