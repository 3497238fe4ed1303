"""What is wrong with the section `audiences`, whatever else is wrong with the programme."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.scoring.programmes.domain.mistakes import Mistake, condition_mistake, list_at, mistake, value_at
from services.scoring.rules.domain.attributes import MEMBER, Declared
from services.scoring.rules.domain.audiences import AUDIENCES, declared_audiences
from services.scoring.rules.domain.conditions import read_condition, try_condition
from services.scoring.rules.domain.counters import COUNTER, COUNTERS, declared_counters
from services.scoring.rules.domain.kinds import EventKind, kinds_of
from services.scoring.rules.domain.qualities import DECLARED as QUALITIES
from services.scoring.rules.domain.qualities import QUALITY, VALUES
from services.scoring.rules.domain.trials import Clock
from shared.conditions.errors import ConditionError
from shared.conditions.parser import parse
from shared.conditions.tree import Call, free_names, walk
from shared.contracts.programme import CONDITION_MAX_CHARS
from shared.located_yaml import Located, Path
from shared.near_names import suggestion

#: What the conditions of all audiences may take for one member: they are evaluated in the service, 0.2 ms.
AUDIENCES_STEPS_MAX_COUNT = 10_000
#: What conditions of rules read besides.
_OTHERS = ("event", "data", AUDIENCES, *VALUES)
#: A condition of an audience reads nothing of an event; whatever type it is tried with is the same.
_ANY_TYPE = ("forum.post.v1",)


def audience_ids(located: Located) -> list[str]:
    """The ids of audiences, as far as they are written."""
    return _ids(located, AUDIENCES)


def _ids(located: Located, section: str) -> list[str]:
    return [
        one["id"]
        for one in list_at(located, (section,))
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    ]


def readable_by_rules(located: Located, attributes: Declared) -> Declared:
    """What conditions of rules may read as a member's: attributes, audiences, counters and quality."""
    counters = _ids(located, COUNTERS)
    has_quality = value_at(located, (QUALITY,)) is not None
    return {
        **attributes,
        **declared_audiences(audience_ids(located)),
        **declared_counters(counters),
        **(QUALITIES if has_quality else {}),
    }


def audience_mistakes(located: Located, text: str, attributes: Declared, clock: Clock | None) -> Iterator[Mistake]:
    """Where a condition of an audience is none or costs too much, and where a measure measures nothing."""
    kinds = kinds_of(_ANY_TYPE, {})
    rules = [one.get("id") for one in list_at(located, ("rules",)) if isinstance(one, dict)]
    known = [one for one in rules if isinstance(one, str)]
    left = AUDIENCES_STEPS_MAX_COUNT
    for index, audience in enumerate(list_at(located, (AUDIENCES,))):
        yield from _measure_mistakes(located, index, attributes, known)
        condition = audience.get("when") if isinstance(audience, dict) else None
        if not isinstance(condition, str) or not 0 < len(condition) <= CONDITION_MAX_CHARS:
            continue
        path: Path = (AUDIENCES, index, "when")
        try:
            left = check_audience(condition, _declared(located, index, attributes), left, kinds, clock)
        except ConditionError as refused:
            yield condition_mistake(located, text, path, refused)


def check_audience(
    condition: str,
    declared: Declared,
    steps: int = AUDIENCES_STEPS_MAX_COUNT,
    kinds: tuple[EventKind, ...] | None = None,
    clock: Clock | None = None,
) -> int:
    """Check that a condition can be that of an audience, of `steps` at most; returns how many it leaves.

    Raises ConditionError when it cannot, with the first thing that is wrong.
    """
    kinds = kinds or kinds_of(_ANY_TYPE, {})
    for name in free_names(parse(condition)):
        if name.name in _OTHERS:
            raise ConditionError(f"an audience reads `{MEMBER}` alone: attributes and its measures", name.at)
    for call in walk(parse(condition)):
        if isinstance(call, Call) and call.function == COUNTER:
            raise ConditionError(f"an audience counts by its own `measures`, read as `{MEMBER}.answers`", call.at)
    tree, bound = read_condition(condition, kinds, declared)
    bound.check()
    if bound.steps > steps:
        raise ConditionError(
            f"this can take up to {bound.steps:,} steps for one member, and all audiences together"
            f" {AUDIENCES_STEPS_MAX_COUNT:,}"
        )
    try_condition(tree, kinds, clock, declared=declared)
    return steps - bound.steps


def _declared(located: Located, index: int, attributes: Declared) -> Mapping[str, str]:
    measures = {
        one["id"]: "number"
        for one in list_at(located, (AUDIENCES, index, "measures"))
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    }
    return {**attributes, **measures}


def _measure_mistakes(located: Located, index: int, attributes: Declared, rules: list[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for place, measure in enumerate(list_at(located, (AUDIENCES, index, "measures"))):
        at: Path = (AUDIENCES, index, "measures", place)
        if not isinstance(measure, dict):
            continue
        name: Any = measure.get("id")
        if isinstance(name, str) and name in (*seen, *attributes):
            what = "another measure" if name in seen else "an attribute"
            detail = f"{what} is called `{name}` already, and both are read as `{MEMBER}.{name}`"
            yield mistake(located.values[*at, "id"], (*at, "id"), detail)
        if isinstance(name, str):
            seen.add(name)
        score = measure.get("score")
        scores = [one.get("id") for one in list_at(located, ("scores",)) if isinstance(one, dict)]
        if isinstance(score, str) and score not in scores:
            declared = [one for one in scores if isinstance(one, str)]
            detail = f"there is no score `{score}`; {suggestion(score, declared)}"
            if not declared:
                detail = f"there is no score `{score}`: the programme declares no `scores`"
            yield mistake(located.values[*at, "score"], (*at, "score"), detail)
        rule = measure.get("rule")
        if isinstance(rule, str) and rule not in rules:
            detail = f"there is no rule `{rule}`; {suggestion(rule, rules)}"
            yield mistake(located.values[*at, "rule"], (*at, "rule"), detail)
