"""Orders are worked at by lanes, settled by answers, hinted at by webhooks, and put right by people."""
