"""The suite. A package by name, for torch-fidelity installs one called `tests` too, and Python prefers packages."""
