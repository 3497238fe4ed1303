"""Whether all services have the same awards: what this one has of them, counted again and again."""
