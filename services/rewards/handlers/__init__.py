"""What rewards does with each message, command and timer, inside a transaction that somebody else opened."""
