"""The pure part of restatements: what a version makes of awards that stand."""
