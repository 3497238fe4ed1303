"""Events: taking them in, judging each once, and saying what became of it."""
