"""What is wrong with badges and milestones: what they ask is none, not there, or costs too much to be asked."""

from collections.abc import Iterator
from typing import Any

from services.scoring.programmes.domain.mistakes import (
    Conditions,
    Mistake,
    Read,
    condition_mistake,
    list_at,
    mistake,
)
from services.scoring.programmes.domain.prizes import QUESTS, quest_rules
from services.scoring.programmes.domain.sections import of_several
from services.scoring.rules.domain.attributes import names_read
from services.scoring.rules.domain.audiences import AUDIENCES, id_of
from services.scoring.rules.domain.counters import counter_of
from services.scoring.rules.domain.qualities import is_quality, shown_name
from shared.conditions.criteria import Criterion, check_kind, compile_criterion
from shared.conditions.errors import ConditionError
from shared.contracts.programme import CONDITION_MAX_CHARS, SPENDABLE
from shared.located_yaml import Located, Path
from shared.near_names import suggestion

BADGES: Path = ("recognition", "badges")
MILESTONES: Path = ("recognition", "milestones")
#: What badges may have asked of one event beside what rules ask, by a service without child processes.
COUNTED_STEPS_MAX_COUNT = 10_000
#: The fields with a criterion, and whether it comes to a number.
CRITERIA = {"when": False, "measure": True}


def badge_mistakes(located: Located, text: str, conditions: Conditions) -> Iterator[Mistake]:
    """What is wrong with badges' criteria, and events that recognition cannot ask of and is to count."""
    counted: list[tuple[Path, str]] = []
    for index, badge in enumerate(list_at(located, BADGES)):
        if not isinstance(badge, dict):
            continue
        rule = badge.get("rule")
        if isinstance(rule, str) and badge.get("count") != "awards":
            counted.append(((*BADGES, index, "rule"), rule))
        for field, is_number in CRITERIA.items():
            expression = badge.get(field)
            if not isinstance(expression, str) or not 0 < len(expression) <= CONDITION_MAX_CHARS:
                continue
            path: Path = (*BADGES, index, field)
            try:
                criterion = compile_criterion(expression)
                check_kind(criterion, is_number=is_number)
            except ConditionError as refused:
                yield condition_mistake(located, text, path, refused)
                continue
            yield from _unknown(located, path, criterion)
            counted += [(path, rule_id) for rule_id in sorted(criterion.reads.events)]
    for index, milestone in enumerate(list_at(located, MILESTONES)):
        rule = milestone.get("rule") if isinstance(milestone, dict) else None
        if isinstance(rule, str):
            counted.append(((*MILESTONES, index, "rule"), rule))
    counted += quest_rules(located)
    yield from _not_countable(located, counted, conditions)


def _ids(located: Located, path: Path) -> list[str]:
    return [
        one["id"] for one in list_at(located, path) if isinstance(one, dict) and isinstance(one.get("id"), str)
    ]


def _unknown(located: Located, path: Path, criterion: Criterion) -> Iterator[Mistake]:
    """Where a criterion asks for what the programme does not have."""
    reads = criterion.reads
    rules, scores = _ids(located, ("rules",)), [*_ids(located, ("scores",)), SPENDABLE]
    for noun, asked, known in (
        ("rule", reads.events | reads.awards, rules),
        ("score", reads.scores, scores),
        ("streak", reads.streaks, _ids(located, ("recognition", "streaks"))),
        ("quest", reads.quests, _ids(located, QUESTS)),
        ("audience", reads.audiences, _ids(located, (AUDIENCES,))),
    ):
        for one in sorted(asked.difference(known)):
            yield mistake(located.values[path], path, f"there is no {noun} `{one}`; {suggestion(one, known)}")


def _not_countable(located: Located, counted: list[tuple[Path, str]], conditions: Conditions) -> Iterator[Mistake]:
    """Where events of a rule are counted whose condition recognition cannot ask as well.

    It is too dear for that, or it reads what is known of members, which is scoring's alone.
    """
    steps: dict[str, int] = {}
    reads: dict[str, tuple[str, ...]] = {}
    for index, rule in enumerate(list_at(located, ("rules",))):
        if isinstance(rule, dict) and isinstance(read := conditions.get(index), Read):
            steps[str(rule.get("id"))] = read.bound.steps
            reads[str(rule.get("id"))] = names_read(read.tree, read.declared)
    # As text: an id that is a list is refused elsewhere, and must not end the check here.
    scoped = {
        str(one.get("id"))
        for one in list_at(located, ("rules",))
        if isinstance(one, dict) and one.get("audiences")
    }
    several = of_several(located)
    taken: dict[str, int] = {}
    for path, rule_id in counted:
        if rule_id not in steps and rule_id not in scoped and rule_id not in several:
            continue
        is_quest = path[1] == "quests"
        instead = "write `count: awards`" if path[-1] == "rule" else f'ask for awards("{rule_id}")'
        instead, noun = ("go by another rule", "quest") if is_quest else (instead, "badge")
        if path[: len(MILESTONES)] == MILESTONES:
            noun, instead = "milestone", "name another rule"
        detail: Any = None
        if rule_id in several:
            detail = f"the rule `{rule_id}` is for several people, and a {noun} counts events for one; {instead}"
        elif rule_id in scoped:
            detail = (
                f"the rule `{rule_id}` is for members of audiences, and a {noun} counts events by what they say"
                f" themselves; {instead}"
            )
        elif reads[rule_id]:
            detail = (
                f"the condition of `{rule_id}` reads {read_as(reads[rule_id][0])}, and a {noun} counts events by"
                f" what they say themselves; {instead}"
            )
        else:
            taken[rule_id] = steps[rule_id]
            if sum(taken.values()) > COUNTED_STEPS_MAX_COUNT:
                detail = (
                    "the conditions of rules whose events are counted can take up to"
                    f" {sum(taken.values()):,} steps for one event, and may take {COUNTED_STEPS_MAX_COUNT:,};"
                    f" {instead}, or cheaper conditions"
                )
        if detail is not None:
            yield mistake(located.values[path], path, detail)


def read_as(name: str) -> str:
    """What a condition reads that is not of the event, in words."""
    if is_quality(name):
        return f"`{shown_name(name)}`"
    audience_id, counter_id = id_of(name), counter_of(name)
    if counter_id is not None:
        return f"the counter `{counter_id}`"
    return f"`member.{name}`" if audience_id is None else f"whether one is in `{audience_id}`"
