"""HTTP routes of events: taking them, and the receipts that say what became of each."""
