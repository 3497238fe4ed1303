"""What members have under limits, straight from the definition: slow, and apart from the service's code.

Of each event the last that was said counts. Claims that somebody else took back are left out; the others have
their turn, heaviest first where awards are counted, else by event time and id, and each gets what fits into all
of its limits. What its member took back themselves has its turn too, and gives nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any

RETRACTED, RESTORED = "activity.retracted.v1", "activity.restored.v1"
_SLOTS = {"actor": "member", "object_author": "objectmember", "reply_author": "replymember"}


@dataclass(frozen=True)
class ORule:
    """A rule: `points` for the member in the slot `to`."""

    id: str
    on: str
    points: int
    to: str = "actor"
    own: bool = False
    grace_minutes: int = 0


@dataclass(frozen=True)
class OLimit:
    """At most `points` points, or `count` awards, of these rules `per` this and `within` that."""

    rules: tuple[str, ...]
    points: int | None = None
    count: int | None = None
    per: str = "member"
    within: str = "day"


#: Event uid, rule and member.
Key = tuple[str, str, str]


def amounts(
    facts: Iterable[Mapping[str, Any]], rules: Sequence[ORule], limits: Sequence[OLimit]
) -> dict[Key, int]:
    """What each claim amounts to; those that amount to nothing are left out."""
    events: dict[str, Mapping[str, Any]] = {}
    said: dict[str, list[Mapping[str, Any]]] = {}
    for fact in facts:
        if fact["type"] in (RETRACTED, RESTORED):
            said.setdefault(fact["targetuid"], []).append(fact)
        else:
            events[fact["uid"]] = fact
    by_weight = _counted_together(limits)
    turns = []
    for uid, event in events.items():
        last = max(said.get(uid, ()), key=lambda one: (one["time"], one["id"], one["uid"]), default=None)
        for rule in rules:
            member = event.get(_SLOTS[rule.to])
            if rule.on != event["type"] or member is None or (_other(event, rule) == member and not rule.own):
                continue
            state = _state(event, rule, member, last)
            if state != "removed":
                rank = -rule.points if rule.id in by_weight else 0
                turns.append((rank, event["time"], event["id"], uid, rule.id, state, rule, member, event))
    used: dict[Any, int] = {}
    found: dict[Key, int] = {}
    for *_, uid, rule_id, state, rule, member, event in sorted(turns, key=lambda turn: turn[:5]):
        given = rule.points
        windows = [(limit, _window(limit, rule, member, event)) for limit in limits if rule_id in limit.rules]
        windows = [(limit, window) for limit, window in windows if window is not None]
        for limit, window in windows:
            if limit.points is not None:
                given = min(given, limit.points - used.get(window, 0))
            elif used.get(window, 0) >= (limit.count or 0):
                given = 0
        if given <= 0:
            continue
        for limit, window in windows:
            used[window] = used.get(window, 0) + (given if limit.points is not None else 1)
        if state == "live":
            found[uid, rule_id, member] = given
    return found


def _state(event: Mapping[str, Any], rule: ORule, member: str, last: Mapping[str, Any] | None) -> str:
    if last is None or last["type"] == RESTORED:
        return "live"
    remover = last.get("member", event["member"])
    if remover != member:
        return "removed"
    if rule.grace_minutes and last["time"] <= event["time"] + timedelta(minutes=rule.grace_minutes):
        return "removed"
    return "own"


def _other(event: Mapping[str, Any], rule: ORule) -> str | None:
    """The other person: whose it is that the actor did something to, or the actor."""
    if rule.to != "actor":
        return str(event["member"])
    found = event.get("objectmember", event.get("replymember"))
    return None if found is None else str(found)


def _window(limit: OLimit, rule: ORule, member: str, event: Mapping[str, Any]) -> Any:
    key: list[Any] = [limit, member, _first_day(limit.within, event["time"].astimezone(UTC).date())]
    if "pair" in limit.per:
        key.append(_other(event, rule))
    if "object" in limit.per:
        key.append(event["data"].get("object", {}).get("id"))
    return None if None in key else tuple(key)


def _first_day(within: str, day: date) -> object:
    return {
        "day": day,
        "week": day.isocalendar()[:2],
        "month": (day.year, day.month),
        "year": day.year,
        "ever": "ever",
    }[within]


def _counted_together(limits: Sequence[OLimit]) -> set[str]:
    """Rules that a limit of awards is over, or that share a limit with one of those."""
    found = {rule for limit in limits if limit.count is not None for rule in limit.rules}
    for _ in limits:
        for limit in limits:
            if found & set(limit.rules):
                found |= set(limit.rules)
    return found
