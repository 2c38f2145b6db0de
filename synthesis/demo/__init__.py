"""What the demo can be ordered from: a public table, and pictures that were drawn for the purpose."""
