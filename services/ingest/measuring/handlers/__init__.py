"""What ingest does with texts: sealing, measuring, measuring again, and deleting them."""
