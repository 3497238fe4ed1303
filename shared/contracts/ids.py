"""Ids derived from what they stand for (RFC 9562), as lower-case text: who derives one again gets the same."""

from uuid import UUID

import uuid_utils

#: A namespace as the functions below take it; made once for each, by `prepared`.
Namespace = uuid_utils.UUID


def prepared(namespace: UUID) -> Namespace:
    """The namespace in the form in which ids are quickly derived under it."""
    return Namespace(int=namespace.int)


def uuid5_text(namespace: Namespace, name: str) -> str:
    """UUIDv5 of the name: what uuid.uuid5 gives, in an eighth of the time."""
    return str(uuid_utils.uuid5(namespace, name))


def uuid8_text(namespace: Namespace, name: str, *, beside: str) -> str:
    """UUIDv8 of the name that begins with the 48 bits that the UUID `beside` begins with.

    Ids that are stored together so lie together in an index. The other 74 bits are those of the name's UUIDv5.
    """
    return f"{beside[:14]}8{uuid5_text(namespace, name)[15:]}"
