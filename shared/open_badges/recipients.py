"""Whom a credential is for, as it says so: by a hash that only who knows them already can compare."""

from hashlib import sha256


def recipient_hash(recipient: str, salt: str) -> str:
    """What stands for a recipient: SHA-256 over who it is and a salt (OB 3.0, IdentityObject)."""
    return "sha256$" + sha256((recipient + salt).encode()).hexdigest()
