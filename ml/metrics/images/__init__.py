"""How like real pictures synthetic ones are, and what they are worth for training a classifier."""
