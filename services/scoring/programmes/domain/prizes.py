"""What is wrong with quests and what grants give: what is not there, and points that would go in a circle."""

from collections.abc import Iterator
from typing import Any

from services.scoring.programmes.domain.mistakes import Mistake, list_at, mistake, value_at
from shared.conditions.criteria import compile_criterion
from shared.conditions.errors import ConditionError
from shared.located_yaml import Located, Path
from shared.near_names import suggestion

RECOGNITION = "recognition"
QUESTS: Path = (RECOGNITION, "quests")
_CRITERIA = ("when", "measure")


def prize_mistakes(located: Located) -> Iterator[Mistake]:
    """Where a quest goes by a rule, or a grant gives something, that is not there; and points in a circle."""
    rules = _ids(located, ("rules",))
    for path, rule in quest_rules(located):
        if rule not in rules:
            yield mistake(located.values[path], path, f"there is no rule `{rule}`; {suggestion(rule, rules)}")
    rewards, draws = _ids(located, ("rewards", "catalogue")), _ids(located, ("rewards", "draws"))
    for path in _giving(located):
        for field, noun, known in (("reward", "reward", rewards), ("ticket", "draw", draws)):
            said = value_at(located, (*path, "gives", field))
            if isinstance(said, str) and said not in known:
                at = (*path, "gives", field)
                yield mistake(located.values[at], at, f"there is no {noun} `{said}`; {suggestion(said, known)}")
    yield from _circles(located)


def quest_rules(located: Located) -> Iterator[tuple[Path, str]]:
    """The rules that quests go by, each with its place."""
    for index, _ in enumerate(list_at(located, QUESTS)):
        for place, step in enumerate(list_at(located, (*QUESTS, index, "steps"))):
            rule = step.get("rule") if isinstance(step, dict) else None
            if isinstance(rule, str):
                yield (*QUESTS, index, "steps", place, "rule"), rule


def _giving(located: Located) -> Iterator[Path]:
    """The places of all that may give something."""
    for name, part in (("badges", "tiers"), ("levels", "tiers"), ("quests", "tiers"), ("boards", "prizes")):
        for index, _ in enumerate(list_at(located, (RECOGNITION, name))):
            yield (RECOGNITION, name, index)
            for place, _ in enumerate(list_at(located, (RECOGNITION, name, index, part))):
                yield (RECOGNITION, name, index, part, place)


def _circles(located: Located) -> Iterator[Mistake]:
    """Where a badge gives points and asks for points that came with badges: it would count what it gives."""
    for index, badge in enumerate(list_at(located, (RECOGNITION, "badges"))):
        path: Path = (RECOGNITION, "badges", index)
        places = [path, *((*path, "tiers", at) for at, _ in enumerate(list_at(located, (*path, "tiers"))))]
        if not any(value_at(located, (*place, "gives", "points")) is not None for place in places):
            continue
        for field in _CRITERIA:
            expression: Any = badge.get(field) if isinstance(badge, dict) else None
            if isinstance(expression, str) and _reads_points(expression):
                at = (*path, field)
                detail = (
                    "this gives points and asks for `points`, in which those are that came with badges, levels and"
                    " quests: write `earned_points`, which leaves them out"
                )
                yield mistake(located.values[at], at, detail)


def _reads_points(expression: str) -> bool:
    try:
        return compile_criterion(expression).reads.points
    except ConditionError:
        return False


def _ids(located: Located, path: Path) -> list[str]:
    return [
        one["id"] for one in list_at(located, path) if isinstance(one, dict) and isinstance(one.get("id"), str)
    ]
