"""Institutions, users and roles, sign-in, tokens, and the audit trail."""
