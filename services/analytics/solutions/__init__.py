"""Which questions have an accepted answer."""
