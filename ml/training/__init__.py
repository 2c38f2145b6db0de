"""Devices that models are trained and run on."""
