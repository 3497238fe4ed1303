"""HTTP of nominations: the routes, what they take and show, and what they refuse."""
