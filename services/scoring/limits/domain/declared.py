"""The limits that a programme declares, as they are counted, and where in it each is written."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from services.scoring.limits.domain.nesting import held
from services.scoring.limits.domain.windows import UNBOUNDED, Kind, Limit, Within
from shared.contracts.programme import SPENDABLE, Cooldown, Diminishing, Programme, RuleLimit, SharedLimit
from shared.contracts.programme.section import Section

SectionT = TypeVar("SectionT", bound=Section)
_MINUTE_SECONDS = 60


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
        rule_id = _text(rule, "id")
        if rule_id is None:
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
                limit = _limit(name, rules, found, _text(rule, "campaign"))
                yield Declared(limit, path, found.crossing is not None)
    for index, one in enumerate(_list(document, "limits")):
        shared = _read(SharedLimit, one)
        rules = frozenset() if shared is None else _over(document, shared)
        if shared is not None and rules:
            limit = _limit(f"limits/{shared.id}", rules, shared, _campaign(document, rules))
            yield Declared(limit, ("limits", index), shared.crossing is not None)


def paces(document: Any) -> Iterator[Declared]:
    """What makes an award depend on those before it beside limits: cooldowns, diminishing returns, and floors.

    A score that some rule takes from has a floor over all rules that give it, or take from it.
    """
    by_score: dict[str, list[tuple[int, str, bool]]] = {}
    for index, rule in enumerate(_list(document, "rules")):
        rule_id = _text(rule, "id")
        if rule_id is None:
            continue
        rules, name = frozenset({rule_id}), f"rules/{rule_id}"
        cooldown = _read(Cooldown, rule.get("cooldown"))
        if cooldown is not None:
            by = _by(cooldown.per)
            seconds = cooldown.minutes * _MINUTE_SECONDS
            limit = Limit(name, rules, Kind.COOLDOWN, seconds, Within.EVER, *by)
            yield Declared(limit, ("rules", index, "cooldown"), may_cross=True)
        diminishing = _read(Diminishing, rule.get("diminishing"))
        if diminishing is not None:
            by, within = _by(diminishing.per), Within(diminishing.within)
            campaign = _text(rule, "campaign") if within is Within.CAMPAIGN else None
            limit = Limit(name, rules, Kind.DIMINISHING, 1, within, *by, campaign=campaign)
            yield Declared(limit, ("rules", index, "diminishing"), may_cross=True)
        points = rule.get("points")
        takes = isinstance(points, int) and points < 0
        by_score.setdefault(_text(rule, "score") or SPENDABLE, []).append((index, rule_id, takes))
    for score, of_score in by_score.items():
        if any(takes for _, _, takes in of_score):
            rules = frozenset(rule_id for _, rule_id, _ in of_score)
            for index, rule_id, takes in of_score:
                # One window for all of them; each finds another bound in it.
                limit = Limit(
                    f"scores/{score}", rules, Kind.FLOOR, 1 if takes else UNBOUNDED, Within.EVER, owner=rule_id
                )
                yield Declared(limit, ("rules", index, "points"), may_cross=True)


def limits_of(programme: Programme) -> list[Limit]:
    """The limits of a programme, in the order in which they are declared."""
    return [found.limit for found in declared(_plain(programme))]


def all_of(programme: Programme) -> list[Limit]:
    """The limits of a programme and what paces its awards, with whose their windows are."""
    document = _plain(programme)
    return held([found.limit for found in (*declared(document), *paces(document))])


def over_rule(limits: Iterable[Limit], rule_id: str) -> list[Limit]:
    """What is over a rule: its limits, then its cooldown, its diminishing returns and its floor."""
    order: Sequence[Kind] = (Kind.COOLDOWN, Kind.DIMINISHING, Kind.FLOOR)
    found = [limit for limit in limits if rule_id in limit.rules and limit.owner in (None, rule_id)]
    return sorted(found, key=lambda limit: order.index(limit.kind) if limit.kind in order else -1)


def _plain(programme: Programme) -> Any:
    return programme.model_dump(mode="json", include={"rules", "limits"}, exclude_none=True)


def _over(document: Any, shared: SharedLimit) -> frozenset[str]:
    if shared.rules is not None:
        return frozenset(shared.rules)
    found = (rule for rule in _list(document, "rules") if _text(rule, "group") == shared.group)
    return frozenset(rule_id for rule in found if (rule_id := _text(rule, "id")) is not None)


def _campaign(document: Any, rules: frozenset[str]) -> str | None:
    """The campaign that all of the rules are of; None where they are not of one."""
    found = {_text(rule, "campaign") for rule in _list(document, "rules") if _text(rule, "id") in rules}
    return found.pop() if len(found) == 1 else None


def _limit(name: str, rules: frozenset[str], one: RuleLimit, campaign: str | None) -> Limit:
    kind = Kind.POINTS if one.points is not None else Kind.COUNT if one.count is not None else Kind.FIRST
    within = Within(one.within)
    by_other, by_object = _by(one.per)
    return Limit(
        name,
        rules,
        kind,
        one.points or one.count or one.first or 0,
        within,
        by_other=by_other,
        by_object=by_object,
        for_all=one.per.startswith("everybody"),
        campaign=campaign if within is Within.CAMPAIGN else None,
    )


def _by(per: str) -> tuple[bool, bool]:
    """Whether it is counted by the other person, and by the object."""
    return per in ("pair", "pair_and_object"), per in ("object", "pair_and_object", "everybody_and_object")


def _read(model: type[SectionT], value: Any) -> SectionT | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


def _text(item: Any, name: str) -> str | None:
    found = item.get(name) if isinstance(item, dict) else None
    return found if isinstance(found, str) else None


def _list(document: Any, name: str) -> list[Any]:
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, list) else []
