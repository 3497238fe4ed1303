"""The HTTP API of awards, scores and explanations."""
