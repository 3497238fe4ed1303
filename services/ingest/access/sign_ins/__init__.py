"""Signing in: links that are used once, and the tokens that one gets for a link or an id token."""
