"""HTTP routes of held awards, and what they take and answer."""
