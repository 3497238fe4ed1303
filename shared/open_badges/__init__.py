"""Open Badges 3.0: how a badge is signed, baked into a picture, revoked and verified."""
