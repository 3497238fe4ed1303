"""What ingest does with what was refused: keeping it in bounds, opening it, finding what stands instead."""
