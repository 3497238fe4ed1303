"""How the community does, and what to do about it: the scorecard, growth, retention, answers."""
