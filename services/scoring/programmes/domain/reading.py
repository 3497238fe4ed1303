"""Programme text → Programme, or every mistake in it with its line, column, field and what was expected."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from services.scoring.programmes.domain.audiences import audience_mistakes, readable_by_rules
from services.scoring.programmes.domain.badges import badge_mistakes
from services.scoring.programmes.domain.campaigns import campaign_mistakes
from services.scoring.programmes.domain.expressions import askings, expression_mistakes
from services.scoring.programmes.domain.fields import section_at
from services.scoring.programmes.domain.levels import level_mistakes
from services.scoring.programmes.domain.mistakes import (
    SHOWN_MAX_CHARS,
    Conditions,
    Mistake,
    Read,
    condition_mistake,
    list_at,
    mistake,
    value_at,
)
from services.scoring.programmes.domain.nudges import nudge_mistakes
from services.scoring.programmes.domain.pacing import pace_mistakes
from services.scoring.programmes.domain.prizes import prize_mistakes
from services.scoring.programmes.domain.publication import Document
from services.scoring.programmes.domain.quality import quality_mistakes
from services.scoring.programmes.domain.sections import (
    PAYING,
    address_mistakes,
    file_limit_mistakes,
    limit_mistakes,
    payout_mistakes,
    streak_mistakes,
)
from services.scoring.programmes.domain.surveys import survey_mistakes
from services.scoring.rules.domain.attributes import MEMBER, names_read
from services.scoring.rules.domain.attributes import Declared as DeclaredAttributes
from services.scoring.rules.domain.audiences import AUDIENCES
from services.scoring.rules.domain.chances import can_hold
from services.scoring.rules.domain.conditions import read_condition, try_condition
from services.scoring.rules.domain.costs import EVENT_STEPS_MAX_COUNT
from services.scoring.rules.domain.counters import COUNTER
from services.scoring.rules.domain.kinds import OwnTypes, kinds_of, own_types
from services.scoring.rules.domain.qualities import VALUES
from services.scoring.rules.domain.trials import Clock
from shared.conditions.errors import ConditionError
from shared.contracts.activities import ACTIVITY_TYPES, TARGETING_TYPES
from shared.contracts.fields import NO_CONTROL
from shared.contracts.programme import (
    CONDITION_MAX_CHARS,
    IDS,
    REFERENCES,
    CustomEventType,
    IdsError,
    Programme,
    RepeatedId,
    UnknownId,
    id_problems,
)
from shared.located_yaml import Located, Mark, Path, YamlError, read_yaml
from shared.near_names import suggestion

MISTAKES_MAX_COUNT = 100
#: What pydantic says of a key that is wrong; those of programmes are languages.
KEY = "[key]"

_SLUG_WORDS = "1 to 63 lower-case letters, digits, `-` and `_`, starting with a letter or digit"
_PATTERN_WORDS = {NO_CONTROL: "text in one line, without control characters"}
#: What is said of an account is said of it as a whole, and in its own words.
_JUDGED = {(*PAYING, field) for field in ("name", "iban", "bic")}
_NOT_TEXT_ENOUGH = {"string_pattern_mismatch", "string_too_short"}
#: What our own checks say in words of their own.
_SAYING = {
    *("count_without_rule", "count_without_grace", "event_types", "limit_over"),
    *("floor_of_given", "twice_the_same", "gives_and_takes", "days_of_since"),
    *("campaign_days", "campaign_rule_twice"),
    *("badge_by_hand", "badge_when", "badge_measure", "badge_nothing", "badge_tiers"),
    *("tier_twice", "tiers_fall", "limited_tiers"),
    *("board_without_end", "prize_twice", "prizes_beyond", "board_public"),
    *("level_asks", "level_bounds", "level_number", "level_sum", "level_share", "level_reached", "level_kept"),
    *("level_grace", "level_opens", "level_above_hand", "levels_count"),
    *("tier_twice", "tiers_fall", "limited_tiers", "gives_of_tiers"),
    *("gives_nothing", "step_twice", "step_rule_twice", "quest_days"),
    *("nudge_other_kind", "nudge_lacks", "nudge_event"),
    *("survey_when", "survey_answers", "survey_anonymous"),
    *("goal_metric", "goal_window"),
}
_EXPECTED = {
    "int_type": "a whole number, without quotes",
    "string_type": "text; put it in quotes",
    "list_type": "a list: one `- ` per line, or `[a, b]`",
    "model_type": "fields, one `name: value` per line",
    "bool_type": "true or false",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text was read as: a programme, or mistakes; and what is allowed and hardly meant, as `warnings`.

    `steps` is the most that all conditions on a type of event can take for one event, by the type.
    """

    programme: Programme | None
    mistakes: list[Mistake]
    warnings: list[Mistake]
    steps: Mapping[str, int] = field(default_factory=dict)


def read_programme(text: str, *, clock: Clock | None = None) -> Programme | list[Mistake]:
    """Read a programme as `read_with_warnings` does; returns it, or all mistakes found."""
    reading = read_with_warnings(text, clock=clock)
    return reading.mistakes if reading.programme is None else reading.programme


def read_with_warnings(text: str, *, clock: Clock | None = None, reviewed_since: date | None = None) -> Reading:
    """Read a programme written in YAML (or JSON, which is YAML too), and try its conditions.

    It is warned of rules that were `reviewed` before `reviewed_since`. Mistakes and warnings are in order of line,
    at most MISTAKES_MAX_COUNT of each. `clock` gives seconds of the processor; with it, a condition that takes too
    long when it is tried is a mistake too.
    """
    try:
        located = read_yaml(text)
    except YamlError as refused:
        return Reading(None, [mistake(refused.mark, refused.path, refused.detail)], [])
    attributes = _attributes(located)
    own = _own_types(located)
    readable = readable_by_rules(located, attributes)
    read = _conditions(located, readable, own)
    mistakes = [
        *_type_mistakes(located),
        *_rule_mistakes(located, text, read, clock),
        *expression_mistakes(located, text, readable, own, clock),
        *audience_mistakes(located, text, attributes, clock),
        *quality_mistakes(located),
        *limit_mistakes(located),
        *pace_mistakes(located),
        *campaign_mistakes(located),
        *payout_mistakes(located),
        *address_mistakes(located),
        *file_limit_mistakes(located),
        *badge_mistakes(located, text, read),
        *streak_mistakes(located),
        *level_mistakes(located, read, own),
        *prize_mistakes(located),
        *nudge_mistakes(located, text, own, clock),
        *survey_mistakes(located, text, own, clock),
    ]
    try:
        programme = Programme.model_validate(located.value)
    except ValidationError as invalid:
        for details in invalid.errors(include_url=False):
            mistakes.extend(_located_mistakes(located, details))
        # Ids are checked by the model only once everything else is right, and all mistakes come at once.
        mistakes.extend(_id_mistakes(located, id_problems(located.value, IDS, REFERENCES)))
    else:
        if not mistakes:
            steps = _steps(located, {index: one for index, one in read.items() if isinstance(one, Read)})
            return Reading(
                programme,
                [],
                sorted([*_never_true(located, text, read), *_old_rules(located, programme, reviewed_since)])[
                    :MISTAKES_MAX_COUNT
                ],
                {event_type: sum(of_type.values()) for event_type, of_type in sorted(steps.items())},
            )
    return Reading(None, sorted(set(mistakes))[:MISTAKES_MAX_COUNT], [])


def document_of(programme: Programme) -> Document:
    """The programme as plain JSON values, without the fields that were left out."""
    document: Document = programme.model_dump(mode="json", exclude_none=True)
    return document


def document_sha256(document: Document) -> str:
    """SHA-256 of the document in a canonical form, so that comments and layout make no new version."""
    return sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = f"`{value}`" if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= SHOWN_MAX_CHARS else text[:SHOWN_MAX_CHARS] + "…"


def _located_mistakes(located: Located, details: ErrorDetails) -> Iterator[Mistake]:
    """Mistakes for one error of pydantic, whose location is the path of the value."""
    path: Path = tuple(details["loc"])
    kind = details["type"]
    if isinstance(details.get("ctx", {}).get("error"), IdsError) or (path in _JUDGED and kind in _NOT_TEXT_ENOUGH):
        return  # looked for by itself
    if kind == "missing":
        at = located.values.get(path[:-1], Mark(1, 1, 0))
        yield mistake(at, path, f"the field `{path[-1]}` is missing here")
    elif kind == "extra_forbidden":
        section = section_at(path[:-1])
        known = list(section.model_fields) if section is not None else []
        at = located.keys.get(path, Mark(1, 1, 0))
        yield mistake(at, path, f"there is no field `{path[-1]}` here; {suggestion(str(path[-1]), known)}")
    elif path[-1:] == (KEY,):
        at = located.keys.get(path[:-1], Mark(1, 1, 0))
        yield mistake(at, path[:-1], f"`{details['input']}` is no language tag such as en, it or pt-BR")
    else:
        yield mistake(located.values.get(path, Mark(1, 1, 0)), path, _wrong_value(details))


def _wrong_value(details: ErrorDetails) -> str:
    kind, value = details["type"], details["input"]
    context = details.get("ctx", {})
    if kind in _SAYING:
        return details["msg"]
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}; got {_shown(value)}"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        return f"{_shown(value)} is not one of them; {suggestion(str(value), known)}"
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        words = _PATTERN_WORDS.get(
            pattern, _SLUG_WORDS if pattern.startswith("^[a-z0-9]") else f"text like {pattern}"
        )
        return f"expected {words}; got {_shown(value)}"
    message = details["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{message}; got {_shown(value)}"


def _id_mistakes(located: Located, problems: Iterable[RepeatedId | UnknownId]) -> Iterator[Mistake]:
    """Where ids are used twice, and where something that isn't there is named."""
    for problem in problems:
        mark = located.values[problem.path]
        if isinstance(problem, RepeatedId):
            detail = f"the id `{problem.id}` is used on line {located.values[problem.earlier].line} already"
        else:
            noun = problem.reference.target.noun
            detail = f"there is no {noun} `{problem.id}`; {suggestion(problem.id, problem.known)}"
        yield mistake(mark, problem.path, detail)


def _type_mistakes(located: Located) -> Iterator[Mistake]:
    """Where a rule is on something that earns nothing."""
    for index in range(len(list_at(located, ("rules",)))):
        on = ("rules", index, "on")
        for position, event_type in enumerate(list_at(located, on)):
            if isinstance(event_type, str) and event_type in TARGETING_TYPES:
                detail = "it says of another event whether it counts; it cannot earn any itself"
                yield mistake(located.values[*on, position], (*on, position), detail)


def _attributes(located: Located) -> DeclaredAttributes:
    """The attributes that are declared for rules, whatever else is wrong with the programme."""
    return {
        one["id"]: str(one.get("type", "text"))
        for one in list_at(located, ("attributes",))
        if isinstance(one, dict) and isinstance(one.get("id"), str) and one.get("for_rules") is True
    }


def _own_types(located: Located) -> OwnTypes:
    """The types that are declared, as far as each of them is right, whatever else is wrong with the programme."""
    found = []
    for kind in list_at(located, ("events", "types")):
        with suppress(ValidationError):
            found.append(CustomEventType.model_validate(kind))
    return own_types(found)


def _conditions(
    located: Located, attributes: DeclaredAttributes, own: OwnTypes
) -> dict[int, Read | ConditionError]:
    """The conditions of rules by the rules' places, read and judged, whatever else is wrong with the programme."""
    read: dict[int, Read | ConditionError] = {}
    declared = [one.get("id") for one in list_at(located, ("events", "types")) if isinstance(one, dict)]
    wrong = {name for name in declared if isinstance(name, str) and name not in own}
    for index, rule in enumerate(list_at(located, ("rules",))):
        condition = rule.get("when") if isinstance(rule, dict) else None
        if not isinstance(condition, str) or not 0 < len(condition) <= CONDITION_MAX_CHARS:
            continue
        event_types = list_at(located, ("rules", index, "on"))
        names = [name for name in event_types if isinstance(name, str) and (name in ACTIVITY_TYPES or name in own)]
        are_types_known = 0 < len(names) == len(event_types)
        if any(name in wrong for name in event_types if isinstance(name, str)):
            continue  # what is wrong with a type of its own is said there
        # What the types were meant to be nobody knows otherwise: any type's fields may be right.
        known = kinds_of(names if are_types_known else (*ACTIVITY_TYPES, *own), own)
        try:
            tree, bound = read_condition(condition, known, attributes)
            bound.check()
        except ConditionError as refused:
            read[index] = refused
        else:
            read[index] = Read(tree, bound, known, are_types_known, attributes)
    return read


def _rule_mistakes(located: Located, text: str, conditions: Conditions, clock: Clock | None) -> Iterator[Mistake]:
    """What is wrong with conditions, which are tried."""
    read: dict[int, Read] = {}
    for index, one in conditions.items():
        if isinstance(one, ConditionError):
            yield condition_mistake(located, text, ("rules", index, "when"), one)
        else:
            read[index] = one
    # Tried only once it is known that all of them together take a bounded time.
    too_dear = dict(_too_dear(located, read))
    for index, one in read.items():
        try:
            if index in too_dear:
                raise too_dear[index]
            if not too_dear:
                try_condition(one.tree, one.event_types, clock, declared=one.declared)
        except ConditionError as refused:
            yield condition_mistake(located, text, ("rules", index, "when"), refused)


def _never_true(located: Located, text: str, conditions: Conditions) -> Iterator[Mistake]:
    for index, one in conditions.items():
        if isinstance(one, Read) and not can_hold(one.tree, one.event_types):
            types = " or ".join(map(str, one.event_types))
            detail = (
                f"this can never be true for {types}, so the rule gives nothing: it asks"
                " for what such an event never has or never lacks, or for two things that exclude one another"
            )
            yield condition_mistake(located, text, ("rules", index, "when"), ConditionError(detail))


def _old_rules(located: Located, programme: Programme, since: date | None) -> Iterator[Mistake]:
    for index, rule in enumerate(programme.rules):
        if since is not None and rule.reviewed is not None and date.fromisoformat(rule.reviewed) < since:
            path: Path = ("rules", index, "reviewed")
            detail = f"the rule was last reviewed before {since}: see whether it still serves what it is for"
            yield mistake(located.values[path], path, detail)


def _too_dear(located: Located, read: Mapping[int, Read]) -> Iterator[tuple[int, ConditionError]]:
    """The rule that takes the most of each type of event on which all conditions together take too much."""
    for event_type, of_type in sorted(_steps(located, read).items()):
        together = sum(of_type.values())
        if together > EVENT_STEPS_MAX_COUNT:
            dearest = max(of_type, key=lambda index: (of_type[index], -index))
            detail = (
                f"the {len(of_type)} conditions on {event_type} can take up to {together:,} steps for one event,"
                f" and may take {EVENT_STEPS_MAX_COUNT:,} together; this one takes the most, {of_type[dearest]:,}"
            )
            yield dearest, ConditionError(detail)


def _steps(located: Located, read: Mapping[int, Read]) -> dict[str, dict[int, int]]:
    """The most that conditions can take for one event, by its type and the rules' places.

    That of a rule which reads what is known of the member is asked for each of whom it is for.
    """
    steps: dict[str, dict[int, int]] = {}
    for index, one in read.items():
        for event_type in one.event_types if one.are_types_known else ():
            times = askings(located, index) if _is_asked_of_each(located, index, one) else 1
            steps.setdefault(str(event_type), {})[index] = one.bound.steps * times
    return steps


def _is_asked_of_each(located: Located, index: int, one: Read) -> bool:
    if names_read(one.tree, one.declared) or list_at(located, ("rules", index, "audiences")):
        return True
    # Whatever else the rule asks of the member, too: its points are then worked out for each.
    beside = [value_at(located, ("rules", index, name)) for name in ("points_by", "multipliers")]
    return any(word in str(beside) for word in (MEMBER, AUDIENCES, COUNTER, *VALUES))
