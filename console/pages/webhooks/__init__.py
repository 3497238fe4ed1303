"""Webhooks: where a community's facts are delivered."""
