"""Routes of rates: policies, files of central banks, the rates in force, and conversions."""
