"""A fair share: how much each access key and each community may send."""
