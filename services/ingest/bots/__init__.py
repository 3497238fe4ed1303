"""Who is no person: said by platforms, or by a community's patterns."""
