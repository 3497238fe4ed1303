"""Somebody as one channel knows them: a channel, its host where there are several, and the id there.

As text that is `channel:id` or `channel@host:id`, such as `forum:ada` or `code@git.example.org:7`. What would end
a part too early, or the text itself where it stands in a path, is written as in a URL: `%25` for a percent sign,
`%2F` for a slash, `%3F` for a question mark, `%23` for a hash, and in a host `%3A` for a colon.
"""

import hashlib
import re
from typing import Annotated, Final, NamedTuple
from urllib.parse import quote, unquote

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from shared.contracts.channels import compared_id
from shared.contracts.fields import ChannelName, Id

HOST_MAX_CHARS = 255
#: Where a channel is, when a community has several of its kind: a name or an address, with a port if it has one.
Host = Annotated[
    str,
    StringConstraints(
        max_length=HOST_MAX_CHARS,
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[1-9][0-9]{0,4})?$",
    ),
    Field(examples=["git.example.org"]),
]
IdentityHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]

_CHANNEL: Final = TypeAdapter[str](ChannelName)
_HOST: Final = TypeAdapter[str](Host)
_ID: Final = TypeAdapter[str](Id)
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: Characters beside letters and digits that stand for themselves in an id.
_PLAIN_IN_IDS = "!$&'()*+,;=:@~._- "
_SEPARATOR = "\x1f"
HASH_BYTES = 16


class NotAnIdentityError(ValueError):
    """A text is no identity; the message says why."""


class NamedIdentity(NamedTuple):
    """An identity, its id as it is compared; `host` is empty where the channel is one."""

    channel: str
    id: str
    host: str = ""

    def __str__(self) -> str:
        """The identity as text, which `read_identity` reads."""
        host = f"@{quote(self.host, safe='.-_')}" if self.host else ""
        return f"{self.channel}{host}:{quote(self.id, safe=_PLAIN_IN_IDS)}"


def read_identity(text: str) -> NamedIdentity:
    """The identity that a text names. Raises NotAnIdentityError."""
    place, colon, written = text.partition(":")
    channel, at, host = place.partition("@")
    if not colon:
        raise NotAnIdentityError("is written as channel:id, such as forum:ada")
    if _BROKEN.search(text):
        raise NotAnIdentityError("has a % that stands for nothing: write %25 for the sign itself")
    try:
        _CHANNEL.validate_python(channel)
    except ValidationError:
        raise NotAnIdentityError("begins with a channel, such as forum, and a colon") from None
    try:
        # A host has its colon, before a port, as %3A.
        host = _HOST.validate_python(unquote(host).lower()) if at else ""
    except ValidationError:
        raise NotAnIdentityError(
            "has no host between @ and its colon: that is a name such as git.example.org"
        ) from None
    try:
        return NamedIdentity(channel, _ID.validate_python(compared_id(channel, unquote(written))), host)
    except ValidationError:
        raise NotAnIdentityError("has no id behind its colon that somebody could have") from None


def identity_hash(key: bytes, community: str, identity: NamedIdentity) -> str:
    """What stands for an identity where handles do not go: 128 bits of keyed BLAKE2b, as hexadecimal digits.

    Who has the key finds the member of an identity that they know; who has not learns nothing from it.
    """
    said = _SEPARATOR.join((community, identity.channel, identity.host, identity.id))
    return hashlib.blake2b(said.encode(), key=key, digest_size=HASH_BYTES).hexdigest()
