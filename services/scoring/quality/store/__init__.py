"""The SQL of quality: judgements, trust, and content as it is listed."""
