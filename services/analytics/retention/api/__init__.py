"""The HTTP routes of growth, cohorts, retention, silence and activation."""
