"""How the ids of awards are made up, for those who make them and those who look for an event's.

A UUIDv8 (RFC 9562, section 5.8) of 48 bits of the event's time in milliseconds, 26 bits of its uid and 48 bits of
a hash. Awards of one time so lie side by side in every index that holds them, and those of one event next to one
another: docs/adr/0006-award-ids.md.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

#: So many characters of an id, written as text, are those of `award_prefix`.
AWARD_PREFIX_LENGTH = 24

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
#: A hexadecimal digit with its two upper bits set to RFC 9562's variant.
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def award_prefix(event_uid: str, event_time: datetime) -> str:
    """What the ids of an event's awards and of their amendments begin with.

    `event_uid` in lower case; `event_time` as the event was accepted, with a zone; before 1970 counts as 1970.
    """
    time = f"{max(0, (event_time - _EPOCH) // _MILLISECOND):012x}"
    return f"{time[:8]}-{time[8:]}-8{event_uid[:3]}-{_VARIANT[event_uid[3]]}{event_uid[4:7]}-"


def award_id_range(event_uid: str, event_time: datetime) -> tuple[UUID, UUID]:
    """The lowest and the highest id that an award of the event can have; another event's may lie between."""
    prefix = award_prefix(event_uid, event_time)
    return UUID(prefix + "0" * 12), UUID(prefix + "f" * 12)
