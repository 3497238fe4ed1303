"""HTTP of sentiment."""
