"""Routes of the general ledger: mappings, the journal, exports and the trial balance of a time."""
