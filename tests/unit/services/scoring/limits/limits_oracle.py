"""What members have under limits and paces, straight from the definition: slow, and apart from the service's code.

Of each event the last that was said counts. Claims that somebody else took back are left out; the others have
their turn, heaviest first where awards are counted, else by event time and id, and each gets what fits into all
of its limits. What its member took back themselves has its turn too, and gives nothing; but the first of a
day that it corrected soon are left out as well.

A rule may rest for a while after it gave something, be worth less by the turn, or take points as far as the member
has more than a floor: then time alone decides whose turn it is. Under a limit for everybody what is taken back is
left out, whoever took it back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from fractions import Fraction
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
    grace_count: int = 3
    cooldown_minutes: int = 0
    cooldown_per: str = "member"
    percents: tuple[int, ...] = ()
    percents_per: str = "member"
    percents_within: str = "day"
    takes: bool = False
    floor: int = 0


@dataclass(frozen=True)
class OLimit:
    """At most `points` points, `count` awards or the `first` of them, of these rules `per` this `within` that."""

    rules: tuple[str, ...]
    points: int | None = None
    count: int | None = None
    per: str = "member"
    within: str = "day"
    first: int | None = None


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
    by_weight = _together(limits, {rule for limit in limits if limit.count is not None for rule in limit.rules})
    shared = _together(limits, {rule for limit in limits if "everybody" in limit.per for rule in limit.rules})
    turns = []
    corrected: dict[Any, list[Any]] = {}
    for uid, event in events.items():
        last = max(said.get(uid, ()), key=lambda one: (one["time"], one["id"], one["uid"]), default=None)
        for rule in rules:
            member = event.get(_SLOTS[rule.to])
            if rule.on != event["type"] or member is None or (_other(event, rule) == member and not rule.own):
                continue
            state = _state(event, rule, member, last)
            if state != "live" and rule.id in shared:
                state = "removed"
            if state == "corrected":
                day = (rule.id, member, event["time"].astimezone(UTC).date())
                corrected.setdefault(day, []).append((event["time"], event["id"], uid, rule, member))
                state = "own"
            if state != "removed":
                rank = -rule.points if rule.id in by_weight else 0
                turns.append((rank, event["time"], event["id"], uid, rule.id, state, rule, member, event))
    # The first corrections of a day are as if they had never been.
    graced = {
        (uid, rule.id, member)
        for of_day in corrected.values()
        for _, _, uid, rule, member in sorted(of_day, key=lambda one: one[:3])[: of_day[0][3].grace_count]
    }
    turns = [turn for turn in turns if (turn[3], turn[4], turn[7]) not in graced]
    return _given(turns, rules, limits)


def _given(turns: Sequence[Any], rules: Sequence[ORule], limits: Sequence[OLimit]) -> dict[Key, int]:
    used: dict[Any, int] = {}
    rested: dict[Any, Any] = {}
    totals: dict[str, int] = {}
    found: dict[Key, int] = {}
    for *_, uid, rule_id, state, rule, member, event in sorted(turns, key=lambda turn: turn[:5]):
        given = rule.points
        rest = (rule_id, _who(rule.cooldown_per, rule, member, event))
        if rule.cooldown_minutes and rest in rested and None not in rest:
            given *= event["time"] - rested[rest] >= timedelta(minutes=rule.cooldown_minutes)
        turn = (
            rule_id,
            _who(rule.percents_per, rule, member, event),
            _first_day(rule.percents_within, event["time"]),
        )
        if rule.percents and given and turn[1] is not None:
            percent = rule.percents[min(used.get(turn, 0), len(rule.percents) - 1)]
            given = int(Fraction(given * percent, 100) + Fraction(1, 2))
        windows = [(limit, _window(limit, rule, member, event)) for limit in limits if rule_id in limit.rules]
        windows = [(limit, window) for limit, window in windows if window is not None]
        for limit, window in windows:
            if limit.points is not None:
                given = min(given, limit.points - used.get(window, 0))
            elif used.get(window, 0) >= (limit.count or limit.first or 0):
                given = 0
        if rule.takes:
            given = min(given, totals.get(member, 0) - rule.floor)
        if given <= 0:
            continue
        for limit, window in windows:
            used[window] = used.get(window, 0) + (given if limit.points is not None else 1)
        used[turn] = used.get(turn, 0) + 1
        rested[rest] = event["time"]
        if state == "live":
            found[uid, rule_id, member] = -given if rule.takes else given
            totals[member] = totals.get(member, 0) + found[uid, rule_id, member]
    return found


def _state(event: Mapping[str, Any], rule: ORule, member: str, last: Mapping[str, Any] | None) -> str:
    if last is None or last["type"] == RESTORED:
        return "live"
    remover = last.get("member", event["member"])
    if remover != member:
        return "removed"
    if rule.grace_minutes and last["time"] <= event["time"] + timedelta(minutes=rule.grace_minutes):
        return "corrected"
    return "own"


def _other(event: Mapping[str, Any], rule: ORule) -> str | None:
    """The other person: whose it is that the actor did something to, or the actor."""
    if rule.to != "actor":
        return str(event["member"])
    found = event.get("objectmember", event.get("replymember"))
    return None if found is None else str(found)


def _window(limit: OLimit, rule: ORule, member: str, event: Mapping[str, Any]) -> Any:
    who = _who(limit.per, rule, member, event)
    return None if who is None else (limit, _first_day(limit.within, event["time"]), who)


def _who(per: str, rule: ORule, member: str, event: Mapping[str, Any]) -> Any:
    """Whose room it is; None where the event names no other person or no object to count by."""
    key: list[Any] = ["all" if "everybody" in per else member]
    if "pair" in per:
        key.append(_other(event, rule))
    if "object" in per:
        key.append(event["data"].get("object", {}).get("id"))
    return None if None in key else tuple(key)


def _first_day(within: str, moment: Any) -> object:
    moment = moment.astimezone(UTC)
    day = moment.date()
    return {
        "hour": (day, moment.hour),
        "day": day,
        "week": day.isocalendar()[:2],
        "month": (day.year, day.month),
        "quarter": (day.year, (day.month + 2) // 3),
        "year": day.year,
        "ever": "ever",
    }[within]


def _together(limits: Sequence[OLimit], rules: set[str]) -> set[str]:
    """The rules, and those that share a limit with one of them."""
    found = set(rules)
    for _ in limits:
        for limit in limits:
            if found & set(limit.rules):
                found |= set(limit.rules)
    return found
