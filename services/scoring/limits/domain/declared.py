"""The limits that a programme declares, as they are counted, and where in it each is written."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import ValidationError

from services.scoring.limits.domain.windows import Kind, Limit, Within
from shared.contracts.programme import Programme, RuleLimit, SharedLimit


class Declared(NamedTuple):
    """A limit, where it is written, and whether it may cross others."""

    limit: Limit
    path: tuple[str | int, ...]
    may_cross: bool


def declared(document: Any) -> Iterator[Declared]:
    """The limits of a programme as plain values, which need not be a valid programme's: what is none is passed
    over.

    First those of the rules, in their order, then those over several rules.
    """
    for index, rule in enumerate(_list(document, "rules")):
        rule_id = rule.get("id") if isinstance(rule, dict) else None
        if not isinstance(rule_id, str):
            continue
        rules, name = frozenset({rule_id}), f"rules/{rule_id}"
        cap = rule.get("daily_cap")
        if isinstance(cap, int) and not isinstance(cap, bool) and cap > 0:
            limit = Limit(name, rules, Kind.POINTS, cap, Within.DAY)
            yield Declared(limit, ("rules", index, "daily_cap"), may_cross=False)
        for place, one in enumerate(_list(rule, "limits")):
            found = _read(RuleLimit, one)
            if found is not None:
                path = ("rules", index, "limits", place)
                yield Declared(_limit(name, rules, found), path, found.crossing is not None)
    for index, one in enumerate(_list(document, "limits")):
        shared = _read(SharedLimit, one)
        if isinstance(shared, SharedLimit):
            limit = _limit(f"limits/{shared.id}", frozenset(shared.rules), shared)
            yield Declared(limit, ("limits", index), shared.crossing is not None)


def limits_of(programme: Programme) -> list[Limit]:
    """The limits of a programme, in the order in which they are declared."""
    document = programme.model_dump(mode="json", include={"rules", "limits"}, exclude_none=True)
    return [one.limit for one in declared(document)]


def _limit(name: str, rules: frozenset[str], one: RuleLimit) -> Limit:
    return Limit(
        name,
        rules,
        Kind.COUNT if one.points is None else Kind.POINTS,
        one.points or one.count or 0,
        Within(one.within),
        by_other=one.per in ("pair", "pair_and_object"),
        by_object=one.per in ("object", "pair_and_object"),
    )


def _read(model: type[RuleLimit], value: Any) -> RuleLimit | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


def _list(document: Any, name: str) -> list[Any]:
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, list) else []
