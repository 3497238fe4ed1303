"""Addresses and links of messages, sealed with the keys that seal texts."""

from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from services.ingest.measuring.domain.texts import Sealed
from services.ingest.measuring.handlers.sealing import Sealer, sealer_of
from services.ingest.messages.domain.kinds import Channel
from services.ingest.messages.domain.messages import NoTokenError, NotSetUpError
from services.ingest.settings import Settings
from shared import base64url
from shared.contracts.identities import NamedIdentity, identity_hash

_LINK_PLACE: Final = b"messages|link"


class Link(NamedTuple):
    """What a link in a message is for: an address or a recipient, by ids that are nobody's outside."""

    what: str
    community: str
    of_id: str
    kind: str
    until: datetime | None = None


def usable_sealer(settings: Settings) -> Sealer:
    """The sealer. Raises NotSetUpError where there is no key: no address is kept in the open."""
    sealer = sealer_of(settings.text_keys)
    if sealer.key_id is None:
        raise NotSetUpError(
            "PLAUDIT_TEXT_KEYS is empty: without a key no address is kept; `plaudit secrets` makes one"
        )
    return sealer


def address_hash(settings: Settings, address: str, *, community: str) -> str:
    """What stands for a mail address in a community, by which what bounces finds it: hashed as identities are."""
    said = NamedIdentity(Channel.MAIL.value, address.strip().lower())
    return identity_hash(settings.identity_key_bytes, community, said)


def seal_address(settings: Settings, address: str, *, community: str, of_id: str) -> Sealed:
    """A mail address or a room's, sealed for one row alone."""
    return usable_sealer(settings).seal_bytes(address.encode(), place=_place(community, of_id))


def open_address(settings: Settings, content: Sealed, *, community: str, of_id: str) -> str | None:
    """The address; None when its key is gone, or somebody changed the row."""
    opened = sealer_of(settings.text_keys).open_bytes(content, place=_place(community, of_id))
    return None if opened is None else opened.decode()


def write_link(settings: Settings, link: Link) -> str:
    """What an address of ours ends in: nobody reads or makes one without the key."""
    until = None if link.until is None else link.until.isoformat()
    content = orjson.dumps([link.what, link.community, link.of_id, link.kind, until])
    sealed = usable_sealer(settings).seal_bytes(content, place=_LINK_PLACE)
    return f"{sealed.key_id}.{base64url.encode(sealed.sealed)}"


def read_link(settings: Settings, text: str, *, what: str, now: datetime) -> Link:
    """What a link is for. Raises NoTokenError for one that is not ours, is for something else, or is over."""
    key_id, _, sealed = text.partition(".")
    try:
        content = sealer_of(settings.text_keys).open_bytes(
            Sealed(key_id, base64url.decode(sealed)), place=_LINK_PLACE
        )
    except ValueError:
        content = None
    if content is None:
        raise NoTokenError
    read: list[Any] = orjson.loads(content)
    what_for, community, of_id, kind, until = read
    link = Link(what_for, community, of_id, kind, None if until is None else datetime.fromisoformat(until))
    if link.what != what or (link.until is not None and link.until < now):
        raise NoTokenError
    return link


def _place(community: str, of_id: str) -> bytes:
    return f"messages|{community}|{of_id}".encode()
