"""What changes anything about cases: each function checks the rules and opens one transaction."""
