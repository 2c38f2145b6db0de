"""How close synthetic records come to the training records, and what an attacker can tell from them."""
