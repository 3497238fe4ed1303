"""Which entries follow which: blocks of the ledger, each with a hash over itself and the one before."""
