"""What rules read of quality: how far whoever did it is trusted to judge, and how good the content is.

A condition says `judge_trust >= 0.5` or `quality >= 0.7`. Each is read as an attribute of the member which nobody
can declare, so that it is asked for, kept and explained as attributes are. It is no member's, though: it is
decided for an event, and kept under the event's uid.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from services.scoring.rules.domain.attributes import Known, MemberKey, Said
from shared.contracts.facts import AcceptedEvent

#: What stands before the names where they are read as attributes; no attribute's name has a colon.
PREFIX: Final = "quality:"
JUDGE_TRUST: Final = "judge_trust"
QUALITY: Final = "quality"
#: What conditions call them, and how they are read. Each is a number from 0.0 to 1.0.
VALUES: Final = {JUDGE_TRUST: f"{PREFIX}{JUDGE_TRUST}", QUALITY: f"{PREFIX}{QUALITY}"}
NAMES: Final = frozenset(VALUES.values())
#: The type of each: a number with a fraction, which is not calculated with as whole ones are.
REAL: Final = "real"
DECLARED: Final[Mapping[str, str]] = dict.fromkeys(VALUES.values(), REAL)
#: The most that each can be.
FULL: Final = 1.0
#: The quality of what nobody judged.
UNJUDGED: Final = 0.5


def is_quality(name: str) -> bool:
    """Whether an attribute that is read is one of these."""
    return name.startswith(PREFIX)


def shown_name(name: str) -> str:
    """What conditions call it."""
    return name.removeprefix(PREFIX)


def said_of_event(event: AcceptedEvent, names: Iterable[str], known: Known) -> dict[str, Said]:
    """What was decided for an event, of those of these names that are decided for events."""
    of_event: Mapping[str, Sequence[Said]] | None = known.get(MemberKey(event["community"], event["uid"]))
    if of_event is None:
        return {}
    return {name: of_event[name][0] for name in names if name in of_event and is_quality(name)}


def at_best(values: Mapping[str, object]) -> dict[str, object]:
    """The same values, but trusted in full and as good as can be: what is false even so, no quality is lacking."""
    return {name: FULL if is_quality(name) else value for name, value in values.items()}
