"""Who is who: what ingest does with the identities it sees and is told of."""
