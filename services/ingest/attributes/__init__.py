"""What is known of members beside names, each from a moment on: attributes, consents, zones, opt-outs."""
