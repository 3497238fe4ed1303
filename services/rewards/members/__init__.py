"""Members' names, as ingest tells them."""
