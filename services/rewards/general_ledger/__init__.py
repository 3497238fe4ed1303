"""The books as the general ledger of finance takes them: mapping, journal, numbered exports, trial balance."""
