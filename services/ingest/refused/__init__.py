"""What was refused: kept for a while with its bytes, sealed, so that somebody sees why and mends it."""
