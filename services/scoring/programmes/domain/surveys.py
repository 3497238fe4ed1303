"""What is wrong with when surveys ask: events that are no trigger, and conditions that cost too much."""

from collections.abc import Iterator

from services.scoring.programmes.domain.mistakes import Mistake, condition_mistake, list_at, mistake
from services.scoring.rules.domain.conditions import read_condition, try_condition
from services.scoring.rules.domain.costs import Bound
from services.scoring.rules.domain.kinds import EventKind, OwnTypes, kinds_of
from services.scoring.rules.domain.trials import Clock
from shared.conditions.errors import ConditionError
from shared.conditions.tree import Node
from shared.contracts.activities import ACTIVITY_TYPES, TARGETING_TYPES
from shared.contracts.programme import CONDITION_MAX_CHARS
from shared.located_yaml import Located, Path

SURVEYS: Path = ("surveys", "ask")
#: An answer is no trigger to ask: one survey would follow from another.
ANSWERED = "survey.response.v1"
#: What the conditions of all surveys may take for one event: ingest evaluates them where events come in.
SURVEYS_STEPS_MAX_COUNT = 10_000


def survey_mistakes(located: Located, text: str, own: OwnTypes, clock: Clock | None) -> Iterator[Mistake]:
    """Where a survey asks after what is no trigger, and where its condition is none or costs too much."""
    steps = 0
    read: list[tuple[Path, Node, tuple[EventKind, ...]]] = []
    for index, survey in enumerate(list_at(located, SURVEYS)):
        on: Path = (*SURVEYS, index, "on")
        names = list_at(located, on)
        for place, name in enumerate(names):
            if isinstance(name, str) and (name in TARGETING_TYPES or name == ANSWERED):
                at = (*on, place)
                yield mistake(located.values[at], at, "nobody is asked after this: name what a member did")
        condition = survey.get("when") if isinstance(survey, dict) else None
        known = [name for name in names if isinstance(name, str) and (name in ACTIVITY_TYPES or name in own)]
        if not isinstance(condition, str) or not 0 < len(condition) <= CONDITION_MAX_CHARS:
            continue
        if not known or len(known) < len(names):
            continue  # what is wrong with its types is said there
        path: Path = (*SURVEYS, index, "when")
        kinds = kinds_of(known, own)
        try:
            tree, bound = read_condition(condition, kinds)
            steps += _checked(bound, steps)
        except ConditionError as refused:
            yield condition_mistake(located, text, path, refused)
        else:
            read.append((path, tree, kinds))
    for path, tree, kinds in read:
        try:
            try_condition(tree, kinds, clock)
        except ConditionError as refused:
            yield condition_mistake(located, text, path, refused)


def _checked(bound: Bound, before: int) -> int:
    """The steps of a condition. Raises ConditionError where they, with those before, are too many."""
    bound.check()
    if before + bound.steps > SURVEYS_STEPS_MAX_COUNT:
        raise ConditionError(
            f"with this the conditions of surveys can take up to {before + bound.steps:,} steps for one event, and"
            f" may take {SURVEYS_STEPS_MAX_COUNT:,} together; write a shorter one"
        )
    return bound.steps
