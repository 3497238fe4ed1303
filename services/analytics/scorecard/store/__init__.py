"""The SQL of the scorecard."""
