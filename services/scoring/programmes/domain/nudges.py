"""What is wrong with nudges: types that are not there, conditions that cannot be asked, milestones of nobody."""

from collections.abc import Iterator
from typing import Any

from services.scoring.programmes.domain.badges import COUNTED_STEPS_MAX_COUNT, MILESTONES, read_as
from services.scoring.programmes.domain.mistakes import Mistake, condition_mistake, list_at, mistake, value_at
from services.scoring.rules.domain.attributes import names_read
from services.scoring.rules.domain.conditions import read_condition, try_condition
from services.scoring.rules.domain.kinds import OwnTypes, kinds_of
from services.scoring.rules.domain.trials import Clock
from shared.conditions.errors import ConditionError
from shared.contracts.activities import ACTIVITY_TYPES, TARGETING_TYPES
from shared.contracts.programme import CONDITION_MAX_CHARS
from shared.contracts.programme.nudges import ANSWERING, ASKING
from shared.located_yaml import Located, Path
from shared.near_names import suggestion

NUDGES: Path = ("recognition", "nudges", "of")


def nudge_mistakes(located: Located, text: str, own: OwnTypes, clock: Clock | None) -> Iterator[Mistake]:
    """Where a nudge is on or wishes for what there is not, and where its condition is none or takes too much.

    Recognition asks conditions of nudges itself, without child processes: together they may take as much as those
    of rules whose events are counted.
    """
    steps = 0
    for index, nudge in enumerate(list_at(located, NUDGES)):
        if not isinstance(nudge, dict):
            continue
        yield from _types(located, (*NUDGES, index, "on"), own)
        yield from _types(located, (*NUDGES, index, "wished"), own)
        yield from _milestone(located, (*NUDGES, index, "milestone"))
        path: Path = (*NUDGES, index, "when")
        expression = nudge.get("when")
        if not isinstance(expression, str) or not 0 < len(expression) <= CONDITION_MAX_CHARS:
            continue
        names = [
            name
            for name in nudge.get("on") or (ASKING if nudge.get("kind") == "waiting" else ANSWERING)
            if isinstance(name, str) and (name in ACTIVITY_TYPES or name in own)
        ]
        if not names:
            continue
        kinds = kinds_of(names, own)
        try:
            tree, bound = read_condition(expression, kinds, {})
            bound.check()
            if read := names_read(tree, {}):
                raise ConditionError(
                    f"the condition of a nudge reads the event alone, and this reads {read_as(read[0])}; name an"
                    " `audience`"
                )
            steps += bound.steps
            if steps > COUNTED_STEPS_MAX_COUNT:
                raise ConditionError(
                    f"the conditions of nudges can take up to {steps:,} steps, and may take"
                    f" {COUNTED_STEPS_MAX_COUNT:,} together; write cheaper ones"
                )
            try_condition(tree, kinds, clock)
        except ConditionError as refused:
            yield condition_mistake(located, text, path, refused)


def _types(located: Located, path: Path, own: OwnTypes) -> Iterator[Mistake]:
    for position, name in enumerate(list_at(located, path)):
        at: Path = (*path, position)
        if not isinstance(name, str):
            continue
        if name in TARGETING_TYPES:
            detail = "it says of another event whether it counts; nobody is nudged by it, or to do it"
            yield mistake(located.values[at], at, detail)
        elif name not in ACTIVITY_TYPES and name not in own:
            known = [*ACTIVITY_TYPES, *own]
            yield mistake(located.values[at], at, f"there is no type `{name}`; {suggestion(name, known)}")


def _milestone(located: Located, path: Path) -> Iterator[Mistake]:
    named: Any = value_at(located, path)
    for one in list_at(located, MILESTONES):
        is_named = isinstance(one, dict) and isinstance(named, str) and one.get("id") == named
        if is_named and (one.get("rule") is None or one.get("since") is not None or one.get("together")):
            detail = f"`{named}` is none of a member's own acts; name a milestone with a `rule` and numbers"
            yield mistake(located.values[path], path, detail)
