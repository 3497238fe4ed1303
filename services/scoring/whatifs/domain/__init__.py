"""One event through a draft, by the engine that scores it live."""
