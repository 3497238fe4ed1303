"""What is known of an access key."""

from dataclasses import dataclass


class UnknownKeyError(Exception):
    """There is no such access key in the community."""


@dataclass(frozen=True)
class AccessKey:
    """An access key of a community; of its secret only the SHA-256, in hexadecimal digits."""

    community: str
    key_id: str
    name: str
    secret_sha256: str
    scopes: tuple[str, ...]
    revoked: bool = False
