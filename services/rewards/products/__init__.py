"""What providers have: asked for, compared with what was accepted, and accepted by people."""
