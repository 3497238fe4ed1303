"""What is kept of an event that levels count: when it was to a quarter of an hour, and with whom or on what."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

from shared.contracts.own_acts import other_member
from shared.contracts.programme import Slot

MemberKey = tuple[str, str]  # community, member id
SLOT_MINUTES: Final = 15
#: Before the id of a member with whom something was done.
PERSON: Final = "@"
SUM: Final = "sum "
#: Of such only how much everybody did on a day is kept.
OF_ALL: Final = "all"
#: In so many parts, so that workers do not wait for one another.
SHARDS_COUNT: Final = 16


class Tally(NamedTuple):
    """How much a member did of a counter in a quarter of an hour (UTC), and with whom, on or about what."""

    community: str
    member_id: str
    counter: str
    slot: datetime
    what: str
    by: int

    @classmethod
    def of(cls, key: MemberKey, counter: str, detail: str, to: Slot, event: Mapping[str, Any], by: int) -> "Tally":
        """What changes by an event that counts from now on (1) or no more (-1)."""
        at = event["time"].astimezone(UTC)
        slot = at.replace(minute=at.minute // SLOT_MINUTES * SLOT_MINUTES, second=0, microsecond=0)
        what, much = kept_of(detail, to, event)
        return cls(*key, counter, slot, what, by * much)


class TallyOfAll(NamedTuple):
    """How much somebody did of a counter on a day of the community; `shard` is a part of that."""

    community: str
    counter: str
    day: date
    shard: int
    by: int

    @classmethod
    def of(cls, key: MemberKey, counter: str, event: Mapping[str, Any], by: int) -> "TallyOfAll":
        """What changes of what all did."""
        day = event.get("day") or event["time"].astimezone(UTC).date()
        day = date.fromisoformat(day) if isinstance(day, str) else day
        return cls(key[0], counter, day, int(key[1][-1], 16) % SHARDS_COUNT, by)


def kept_of(detail: str, to: Slot, event: Mapping[str, Any]) -> tuple[str, int]:
    """What is kept of an event that was for who is in the slot `to`: a key, and how many times or how much."""
    if detail == "people":
        other = other_member(event, to)
        # Nobody else was there: it is of no person.
        return ("", 0) if other is None else (f"{PERSON}{other}", 1)
    if detail in ("objects", "topics"):
        thing = _thing(event) if detail == "objects" else _topic(event)
        return sha256(orjson.dumps([event["source"], thing])).hexdigest()[:16], 1
    if detail.startswith(SUM):
        amount = event["data"].get(detail.removeprefix(SUM))
        return "", int(amount) if isinstance(amount, int | float) and not isinstance(amount, bool) else 0
    return "", 1


def _thing(event: Mapping[str, Any]) -> Any:
    """What an event is about; itself, where it says nothing."""
    thing = event["data"].get("object")
    return thing.get("id") if isinstance(thing, Mapping) else event["id"]


def _topic(event: Mapping[str, Any]) -> Any:
    """In which topic it is: what its platform says, or what it answers, or what it is about."""
    data = event["data"]
    attributes = data.get("attributes")
    topic = data.get("topic") or (attributes.get("topic") if isinstance(attributes, Mapping) else None)
    answered = data.get("in_reply_to")
    if topic is None and isinstance(answered, Mapping):
        topic = answered.get("id")
    return _thing(event) if topic is None else topic
