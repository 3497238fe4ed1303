"""Points awarded, by rule and day."""
