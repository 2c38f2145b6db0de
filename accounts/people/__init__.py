"""The people of an institution: inviting them, their roles, their leaving, and access in an emergency."""
