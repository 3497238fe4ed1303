"""Bytes as text that may stand in an address: base64url without padding (RFC 4648, section 5)."""

import base64


def encode(data: bytes) -> str:
    """The text of bytes."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """The bytes of a text. Raises ValueError for any other character than the 64."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
