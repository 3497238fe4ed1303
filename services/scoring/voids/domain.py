"""Which awards are void: of a content's author for what a report was upheld of, of a suspended member for a time.

What a void takes is noted with it, award by award, and it is exactly that which is given back when it does
not stand any more. An award that several voids take is given back by the last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any, NamedTuple

from services.scoring.limits.domain.claims import Heads, head_of
from shared.contracts.facts import AcceptedEvent

#: Community and id of an award.
AwardKey = tuple[str, str]
#: Community and id of a content.
ContentKey = tuple[str, str]


class Why(StrEnum):
    """Why an award is void. The first that holds is the one that is said."""

    UPHELD = "upheld"
    SUSPENDED = "suspended"


class Void(NamedTuple):
    """What earns nothing: a content, to the member, or the member in the time from `starts_at` until `ends_at`.

    It is worked off in pieces, up to the award or event `swept_to`. Quality knows the content by `judged_id`.
    """

    community: str
    void_id: str
    why: Why
    member_id: str
    case_id: str | None = None
    content_id: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_standing: bool = True
    revision: int = 1
    swept_to: str | None = None
    is_swept: bool = False
    judged_id: str | None = None

    def holds_at(self, event_time: datetime) -> bool:
        """Whether an event of that time earns nothing by it."""
        if not self.is_standing:
            return False
        since = self.starts_at is None or event_time >= self.starts_at
        return since and (self.ends_at is None or event_time < self.ends_at)

    def says_the_same(self, other: "Void") -> bool:
        """Whether it takes the same as another of its id."""
        return (self.member_id, self.starts_at, self.ends_at, self.is_standing) == (
            other.member_id,
            other.starts_at,
            other.ends_at,
            other.is_standing,
        )


class Voided(NamedTuple):
    """An award that a void takes; it is of the event, at its time."""

    community: str
    award_id: str
    void_id: str
    why: Why
    member_id: str
    event_uid: str
    event_time: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The voids that stand, as far as some events ask for them.

    By content, and by whom members are merged into.
    """

    contents: Mapping[ContentKey, list[Void]] = field(default_factory=dict)
    members: Mapping[tuple[str, str], list[Void]] = field(default_factory=dict)
    heads: Heads = field(default_factory=dict)

    def times_of(self, community: str, person_id: str) -> list[tuple[datetime, datetime | None]]:
        """When a person is suspended: from when, and until when."""
        return [
            (void.starts_at, void.ends_at)
            for void in self.members.get((community, person_id), ())
            if void.starts_at is not None and (void.ends_at is None or void.ends_at > void.starts_at)
        ]

    def over(self, event: AcceptedEvent, member_id: str, event_time: datetime) -> list[Void]:
        """The voids that take what a member would earn for an event, those of contents first."""
        if not (self.contents or self.members):
            return []
        content_id = content_of(event) if self.contents else None
        return self.over_content(event["community"], content_id, member_id, event_time)

    def over_content(
        self, community: str, content_id: str | None, member_id: str, event_time: datetime
    ) -> list[Void]:
        """The same, of an event that is about a content; None where it names none."""
        person_id = head_of(self.heads, community, member_id)
        found: list[Void] = []
        if content_id is not None:
            found += [
                void
                for void in self.contents.get((community, content_id), ())
                if head_of(self.heads, community, void.member_id) == person_id
            ]
        found += [void for void in self.members.get((community, person_id), ()) if void.holds_at(event_time)]
        return found


NOTHING_STANDS = Standing()


def strongest(whys: Iterable[Why]) -> Why | None:
    """Why something is void, of several reasons the one that is said; None for none."""
    return min(whys, key=list(Why).index, default=None)


def content_of(event: Mapping[str, Any]) -> str | None:
    """The id of the content that an accepted event is about; None where it names none."""
    data = event["data"]
    thing = data.get("object")
    if thing is None:
        return None
    return content_id(
        community=event["community"], channel=data["channel"], host=data.get("host", ""), object_id=thing["id"]
    )


def content_id(*, community: str, channel: str, host: str, object_id: str) -> str:
    """The id of a content: 128 bits of a hash, written as a UUID."""
    name = "\x1f".join((community, channel, host, object_id))
    digest = blake2b(name.encode(), digest_size=16, person=b"plaudit content").hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
