"""What people noted and decided on figures, and what indicators aim at, as ingest tells it."""
