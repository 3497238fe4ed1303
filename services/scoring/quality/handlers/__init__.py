"""What quality does: judgements are kept as events are scored, trust is worked out beside."""
