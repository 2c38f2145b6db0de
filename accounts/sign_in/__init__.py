"""Signing in: passwords, second factors, lock-out, and how fresh a sign-in is."""
