"""What is looked for among members."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.ingest.members.domain import Member
from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.texts import plain_id

#: As many words of what was typed are looked for; names have fewer.
WORDS_MAX_COUNT = 5

_WORD = re.compile(r"[^\W_]+")
_IDENTITY = re.compile(r"([a-z_]{2,20})(?:@([^:]{1,255}))?:(.+)")


class Mark(StrEnum):
    """What a member is, as they are narrowed by it."""

    PERSON = "person"
    BOT = "bot"
    STAFF = "staff"
    DEPARTED = "departed"
    HIDDEN = "hidden"
    UNVERIFIED = "unverified"


class FoundPlace(NamedTuple):
    """Where a page ended: those seen last come first."""

    first_seen_at: Timestamp
    member_id: Uuid

    @classmethod
    def of(cls, member: Member) -> "FoundPlace":
        """The place of a member."""
        return cls(member.first_seen_at, member.member_id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: words that a name's begin with, or what a handle begins with; and a mark.

    `channel` and `host` are set where the text names an identity, as `forum:ada` does: then no name is looked for.
    None is everybody.
    """

    words: tuple[str, ...] = ()
    handle: str | None = None
    channel: str | None = None
    host: str | None = None
    mark: Mark | None = None

    @classmethod
    def of(cls, text: str | None, mark: Mark | None) -> "Wanted":
        """What a text that somebody typed looks for."""
        said = plain_id(text or "")
        if not said:
            return cls(mark=mark)
        named = _IDENTITY.fullmatch(said)
        if named is not None:
            return cls(handle=named[3].lower(), channel=named[1], host=named[2], mark=mark)
        words = tuple(_WORD.findall(said.lower())[:WORDS_MAX_COUNT])
        return cls(words=words, handle=said.lower(), mark=mark)


class Counts(NamedTuple):
    """How many members there are of a mark, None for all."""

    mark: Mark | None
    number: int
