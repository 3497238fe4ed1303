"""The SQL of restatements, and of what they post."""
