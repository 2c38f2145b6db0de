"""Measurements of the running parts; each is a command. A package by name, for Opacus installs one called so too."""
