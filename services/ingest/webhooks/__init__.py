"""Webhooks: where a community has its facts delivered."""
