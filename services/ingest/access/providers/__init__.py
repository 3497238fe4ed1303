"""OpenID Connect: id tokens of the provider that people sign in at, checked with the keys that it publishes."""
