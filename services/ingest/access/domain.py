"""What is known of an access key."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from shared.contracts.fields import Id


class UnknownKeyError(Exception):
    """There is no such access key in the community."""

    def __init__(self, community: str, key_id: str) -> None:
        super().__init__(f"{community} has no access key {key_id}")
        self.community = community


@dataclass(frozen=True)
class AccessKey:
    """An access key of a community; of its secret only the SHA-256, in hexadecimal digits."""

    community: str
    key_id: str
    name: str
    secret_sha256: str
    scopes: tuple[str, ...]
    revoked: bool = False


def never_issued(community: str, key_id: str) -> AccessKey:
    """A revoked key of that id, for one that came to a service without having been issued here.

    No secret has its hash: nobody's begins like this.
    """
    digest = hashlib.sha256(f"never issued: {community} {key_id}".encode()).hexdigest()
    return AccessKey(community, key_id, "never issued here", digest, (), revoked=True)


class KeyPlace(NamedTuple):
    """Where a page of access keys ended."""

    key_id: Id

    @classmethod
    def of(cls, key: AccessKey) -> "KeyPlace":
        """The place of a key."""
        return cls(key.key_id)
