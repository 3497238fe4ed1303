"""What is wrong with what paces awards, and with limits that are not one member's, whatever else is wrong."""

from collections.abc import Iterator
from typing import Any

from services.scoring.limits.domain.declared import Declared, declared, paces
from services.scoring.limits.domain.nesting import heaviest_first, joined
from services.scoring.limits.domain.windows import Kind, Limit, Within
from services.scoring.programmes.domain.mistakes import Mistake, list_at, mistake
from shared.located_yaml import Located, Path

_WHAT = {
    Kind.FIRST: "the first are counted in order of time",
    Kind.COOLDOWN: "a cooldown keeps to the order of time",
    Kind.DIMINISHING: "diminishing returns keep to the order of time",
    Kind.FLOOR: "something is taken from this rule's score, in order of time",
}


def pace_mistakes(located: Located) -> Iterator[Mistake]:
    """Where a pace meets what keeps to another order, a limit names no campaign or group, or room is everybody's
    that cannot be.
    """
    limits, paced = list(declared(located.value)), list(paces(located.value))
    yield from _against_weight(located, limits, [*(one for one in limits if one.limit.kind is Kind.FIRST), *paced])
    yield from _without_campaign(located, limits, paced)
    yield from _without_group(located)
    yield from _shared(located, limits, paced)
    yield from _both_ways(located, limits)


def _against_weight(located: Located, limits: list[Declared], timed: list[Declared]) -> Iterator[Mistake]:
    by_weight = heaviest_first(one.limit for one in limits)
    counted = {rule: one for one in reversed(limits) if one.limit.kind is Kind.COUNT for rule in one.limit.rules}
    said: set[Path] = set()
    for one in timed:
        rules = one.limit.rules & by_weight
        if not rules or one.path in said:
            continue
        said.add(one.path)
        line = min(located.values[counted[rule].path].line for rule in by_weight if rule in counted)
        detail = (
            f"{_WHAT[one.limit.kind]}, and under the limit of awards on line {line} the heaviest come first; write"
            " `first` there instead of `count`"
        )
        yield mistake(located.values[one.path], one.path, detail)


def _without_campaign(located: Located, limits: list[Declared], paced: list[Declared]) -> Iterator[Mistake]:
    for one in (*limits, *paced):
        if one.limit.within is Within.CAMPAIGN and one.limit.campaign is None:
            several = (
                "the rules are not all of one campaign" if len(one.limit.rules) > 1 else "the rule is of none"
            )
            detail = f"it is within a campaign, and {several}; write `campaign` at each rule"
            yield mistake(located.values[one.path], one.path, detail)


def _without_group(located: Located) -> Iterator[Mistake]:
    groups = {rule.get("group") for rule in list_at(located, ("rules",)) if isinstance(rule, dict)}
    for index, limit in enumerate(list_at(located, ("limits",))):
        group = limit.get("group") if isinstance(limit, dict) else None
        if isinstance(group, str) and group not in groups:
            path: Path = ("limits", index, "group")
            yield mistake(located.values[path], path, f"no rule is of the group `{group}`")


def _shared(located: Located, limits: list[Declared], paced: list[Declared]) -> Iterator[Mistake]:
    everything = [one.limit for one in (*limits, *paced)]
    for one in limits:
        if not one.limit.for_all:
            continue
        rules = joined(everything, one.limit.rules)
        if any(limit.kind is Kind.FLOOR for limit in everything if limit.rules & rules):
            detail = (
                "room that everybody shares cannot be over rules of a score that something is taken from: each"
                " member's total would depend on all others'"
            )
            yield mistake(located.values[one.path], one.path, detail)
        for index, rule in enumerate(list_at(located, ("rules",))):
            if isinstance(rule, dict) and rule.get("id") in rules and rule.get("grace_minutes") is not None:
                path: Path = ("rules", index, "grace_minutes")
                line = located.values[one.path].line
                detail = f"under the limit for everybody on line {line} whatever is taken back gives its room back"
                yield mistake(located.values[path], path, detail)


def _both_ways(located: Located, limits: list[Declared]) -> Iterator[Mistake]:
    takes = {
        rule["id"]: _takes(rule.get("points"))
        for rule in list_at(located, ("rules",))
        if isinstance(rule, dict) and isinstance(rule.get("id"), str)
    }
    for one in limits:
        if len({takes.get(rule, False) for rule in _named(one.limit, takes)}) > 1:
            detail = "it is over rules that give and rules that take; write a limit for each"
            yield mistake(located.values[one.path], one.path, detail)


def _named(limit: Limit, takes: dict[str, bool]) -> list[str]:
    return [rule for rule in sorted(limit.rules) if rule in takes]


def _takes(points: Any) -> bool:
    return isinstance(points, int) and points < 0
