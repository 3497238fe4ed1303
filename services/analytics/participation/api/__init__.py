"""HTTP of participation."""
