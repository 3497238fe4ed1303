"""Attributes of members as conditions read them: as of the event's time, by what was known when it was received.

Both are said by the event and by what is told of members, so the same is read whenever the event is scored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from types import MappingProxyType
from typing import Final, NamedTuple

from shared.conditions.tokens import Kind
from shared.conditions.tree import Chain, Index, Literal, Loop, Name, Node, Select, children
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Programme

#: What conditions call whoever the points are for.
MEMBER = "member"
#: What is said of members is known here within this time: before that it counts for no event.
SAID_LEAD = timedelta(seconds=2)

Value = str | bool | int | float
#: The attributes that a programme declares for rules: the type of each.
Declared = Mapping[str, str]
NONE_DECLARED: Final[Declared] = MappingProxyType({})


class MemberKey(NamedTuple):
    """A member among those of every community."""

    community: str
    member_id: str


class Said(NamedTuple):
    """What was said of an attribute: its value from `since` on."""

    since: datetime
    said_at: datetime
    value: Value


#: What was said of members' attributes, in any order.
Known = Mapping[MemberKey, Mapping[str, Sequence[Said]]]
_ORDER = attrgetter("since", "said_at")


class AttributeRead(NamedTuple):
    """What a rule read of whom its points are for; `since` and `value` are None where nothing was known."""

    community: str
    event_uid: str
    rule_id: str
    name: str
    member_id: str
    since: datetime | None
    value: Value | None


def is_attribute(name: str) -> bool:
    """Whether that is an attribute's name, and not what an audience or a counter is called among them."""
    return ":" not in name


def for_rules(programme: Programme) -> dict[str, str]:
    """The attributes that conditions of a programme may read."""
    return {attribute.id: attribute.type for attribute in programme.attributes if attribute.for_rules}


def as_of(said: Iterable[Said], *, event_time: datetime, received_at: datetime) -> Said | None:
    """What is so at the time of an event, of what was known when it was received; None for nothing.

    Of several the last to begin counts, and of those the last that was said.
    """
    counting = [one for one in said if one.since <= event_time and one.said_at + SAID_LEAD <= received_at]
    return max(counting, key=_ORDER, default=None)


def said_of(event: AcceptedEvent, names: Iterable[str], member_id: str, known: Known) -> dict[str, Said]:
    """What is so of a member at the time of an event, of attributes with these names that are known."""
    of_member = known.get(MemberKey(event["community"], member_id))
    found: dict[str, Said] = {}
    for name in names if of_member else ():
        told = of_member.get(name) if of_member else None
        said = told and as_of(told, event_time=event["time"], received_at=event["receivedat"])
        if said:
            found[name] = said
    return found


def values_of(said: Mapping[str, Said]) -> dict[str, Value]:
    """The values alone, as conditions read them."""
    return {name: one.value for name, one in said.items()}


def reads_of(
    event: AcceptedEvent, rule_id: str, names: Iterable[str], member_id: str, said: Mapping[str, Said]
) -> list[AttributeRead]:
    """What a rule reads of a member for an event."""
    community, uid = event["community"], event["uid"]
    return [
        AttributeRead(community, uid, rule_id, name, member_id, None, None)
        if (one := said.get(name)) is None
        else AttributeRead(community, uid, rule_id, name, member_id, one.since, one.value)
        for name in names
    ]


def names_read(condition: Node, declared: Declared) -> tuple[str, ...]:
    """The declared attributes that a condition can read, in the order of their names."""
    found = set(_read(condition, is_hidden=False))
    return tuple(sorted(name for name in declared if None in found or name in found))


def _read(node: Node, *, is_hidden: bool) -> Iterator[str | None]:
    """The fields of `member` that are read; None for all, where it does not stand before one's name.

    It `is_hidden` where a loop calls its item so.
    """
    match node:
        case Name(name=name) if name == MEMBER and not is_hidden:
            yield None
        case Select(operand=Name(name=name), field=field) if name == MEMBER:
            if not is_hidden:
                yield field
        case Index(operand=Name(name=name), index=Literal(kind=Kind.TEXT, value=key)) if name == MEMBER:
            if not is_hidden:
                yield str(key)
        case Chain(first=Literal(kind=Kind.TEXT, value=key), rest=(("in", Name(name=name)),)) if name == MEMBER:
            if not is_hidden:
                yield str(key)
        case Loop(items=items, bodies=bodies, variable=variable):
            yield from _read(items, is_hidden=is_hidden)
            for body in bodies:
                yield from _read(body, is_hidden=is_hidden or variable == MEMBER)
        case _:
            for child in children(node):
                yield from _read(child, is_hidden=is_hidden)
