"""Reading for a rebuild, and how far one is."""
