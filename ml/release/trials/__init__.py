"""Trials of the gate: planted leaks that it must block, and honest sets that it must let through."""
