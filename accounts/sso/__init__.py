"""Single sign-on: an institution's people sign in with the account they have there (OpenID Connect)."""
