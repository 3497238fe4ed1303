"""The measures, the ties between members, and what they come to."""
