"""Programme text → Programme, or every mistake in it with its line, column, field and what was expected."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, get_args

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from schwifty import IBAN
from schwifty.exceptions import InvalidChecksumDigits, InvalidCountryCode, InvalidLength, SchwiftyException

from services.scoring.limits.domain.declared import Declared, declared
from services.scoring.limits.domain.nesting import why_crossing
from services.scoring.programmes.domain.located_yaml import Located, Mark, Path, YamlError, read_yaml
from services.scoring.programmes.domain.publication import Document
from services.scoring.rules.domain.conditions import read_condition, try_condition
from services.scoring.rules.domain.costs import EVENT_STEPS_MAX_COUNT, Bound
from services.scoring.rules.domain.errors import ConditionError
from services.scoring.rules.domain.tree import Node
from services.scoring.rules.domain.trials import Clock
from shared.contracts.activities import ACTIVITY_TYPES, TARGETING_TYPES
from shared.contracts.programme import (
    CONDITION_MAX_CHARS,
    IBAN_PATTERN,
    IDS,
    LIMITS_OF_RULE_MAX_COUNT,
    REFERENCES,
    IdsError,
    Programme,
    RepeatedId,
    UnknownId,
    id_problems,
)
from shared.near_names import suggestion

MISTAKES_MAX_COUNT = 100
SHOWN_MAX_CHARS = 60

_SLUG_WORDS = "1 to 63 lower-case letters, digits, `-` and `_`, starting with a letter or digit"
_EXPECTED = {
    "int_type": "a whole number, without quotes",
    "string_type": "text; put it in quotes",
    "list_type": "a list: one `- ` per line, or `[a, b]`",
    "model_type": "fields, one `name: value` per line",
    "bool_type": "true or false",
}


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that is wrong: line and column from 1, the field as a JSON Pointer, and what to write."""

    line: int
    column: int
    field: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Read:
    """A condition that was read; `event_types` are all there are where some of the rule's are not known."""

    tree: Node
    bound: Bound
    event_types: tuple[str, ...]
    are_types_known: bool


def read_programme(text: str, *, clock: Clock | None = None) -> Programme | list[Mistake]:
    """Read a programme written in YAML (or JSON, which is YAML too), and try its conditions.

    Returns the programme, or all mistakes found in order of line, at most MISTAKES_MAX_COUNT. `clock` gives
    seconds of the processor; with it, a condition that takes too long when it is tried is a mistake too.
    """
    try:
        located = read_yaml(text)
    except YamlError as refused:
        return [_mistake(refused.mark, refused.path, refused.detail)]
    mistakes = [
        *_rule_mistakes(located, text, clock),
        *_limit_mistakes(located),
        *_account_mistakes(located),
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
            return programme
    return sorted(set(mistakes))[:MISTAKES_MAX_COUNT]


def document_of(programme: Programme) -> Document:
    """The programme as plain JSON values, without the fields that were left out."""
    document: Document = programme.model_dump(mode="json", exclude_none=True)
    return document


def document_sha256(document: Document) -> str:
    """SHA-256 of the document in a canonical form, so that comments and layout make no new version."""
    return sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _mistake(mark: Mark, path: Path, detail: str) -> Mistake:
    return Mistake(mark.line, mark.column, _pointer(path), detail)


def _pointer(path: Path) -> str:
    """The path as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = f"`{value}`" if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= SHOWN_MAX_CHARS else text[:SHOWN_MAX_CHARS] + "…"


def _located_mistakes(located: Located, details: ErrorDetails) -> Iterator[Mistake]:
    """Mistakes for one error of pydantic, whose location is the path of the value."""
    path: Path = tuple(details["loc"])
    kind = details["type"]
    if isinstance(details.get("ctx", {}).get("error"), IdsError):
        return  # looked for by itself
    if kind == "missing":
        at = located.values.get(path[:-1], Mark(1, 1, 0))
        yield _mistake(at, path, f"the field `{path[-1]}` is missing here")
    elif kind == "extra_forbidden":
        known = _fields_at(path[:-1])
        at = located.keys.get(path, Mark(1, 1, 0))
        yield _mistake(at, path, f"there is no field `{path[-1]}` here; {suggestion(str(path[-1]), known)}")
    else:
        yield _mistake(located.values.get(path, Mark(1, 1, 0)), path, _wrong_value(details))


def _wrong_value(details: ErrorDetails) -> str:
    kind, value = details["type"], details["input"]
    context = details.get("ctx", {})
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}; got {_shown(value)}"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        return f"{_shown(value)} is not one of them; {suggestion(str(value), known)}"
    if kind == "string_pattern_mismatch":
        words = _SLUG_WORDS if context["pattern"].startswith("^[a-z0-9]") else f"text like {context['pattern']}"
        return f"expected {words}; got {_shown(value)}"
    message = details["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{message}; got {_shown(value)}"


def _fields_at(path: Path) -> list[str]:
    """The fields that a programme has at `path`."""
    section: type[BaseModel] = Programme
    for part in path:
        if isinstance(part, str):
            section = _section(section.model_fields[part].annotation) or section
    return list(section.model_fields)


def _section(hint: Any) -> type[BaseModel] | None:
    """The part of a programme that a field holds, be it in a list or perhaps not there; None for plain values."""
    hints = (hint, *get_args(hint), *(inner for argument in get_args(hint) for inner in get_args(argument)))
    return next((found for found in hints if isinstance(found, type) and issubclass(found, BaseModel)), None)


def _id_mistakes(located: Located, problems: Iterable[RepeatedId | UnknownId]) -> Iterator[Mistake]:
    """Where ids are used twice, and where something that isn't there is named."""
    for problem in problems:
        mark = located.values[problem.path]
        if isinstance(problem, RepeatedId):
            detail = f"the id `{problem.id}` is used on line {located.values[problem.earlier].line} already"
        else:
            noun = problem.reference.target.noun
            detail = f"there is no {noun} `{problem.id}`; {suggestion(problem.id, problem.known)}"
        yield _mistake(mark, problem.path, detail)


def _rule_mistakes(located: Located, text: str, clock: Clock | None) -> Iterator[Mistake]:
    """What is wrong with the types and conditions of rules, whatever else is wrong with the programme."""
    read: dict[int, _Read] = {}
    for index, rule in enumerate(_list_at(located, ("rules",))):
        on = ("rules", index, "on")
        event_types = _list_at(located, on)
        for position, event_type in enumerate(event_types):
            if event_type in TARGETING_TYPES:
                detail = "it says of another event whether it counts; it cannot earn any itself"
                yield _mistake(located.values[*on, position], (*on, position), detail)
        condition = rule.get("when") if isinstance(rule, dict) else None
        if not isinstance(condition, str) or not 0 < len(condition) <= CONDITION_MAX_CHARS:
            continue
        known = [event_type for event_type in event_types if event_type in ACTIVITY_TYPES]
        are_types_known = 0 < len(known) == len(event_types)
        if not are_types_known:
            # What the types were meant to be nobody knows: any type's fields may be right.
            known = list(ACTIVITY_TYPES)
        try:
            tree, bound = read_condition(condition, tuple(known))
            bound.check()
        except ConditionError as refused:
            yield _condition_mistake(located, text, index, refused)
        else:
            read[index] = _Read(tree, bound, tuple(known), are_types_known)
    # Tried only once it is known that all of them together take a bounded time.
    too_dear = dict(_too_dear(read))
    for index, one in read.items():
        try:
            if index in too_dear:
                raise too_dear[index]
            if not too_dear:
                try_condition(one.tree, one.event_types, clock)
        except ConditionError as refused:
            yield _condition_mistake(located, text, index, refused)


def _limit_mistakes(located: Located) -> Iterator[Mistake]:
    """Limits of one rule that are too many, that are the same twice, or that cross and do not say so."""
    found = list(declared(located.value))
    for index, rule in enumerate(_list_at(located, ("rules",))):
        rule_id = rule.get("id") if isinstance(rule, dict) else None
        over = [one for one in found if rule_id in one.limit.rules]
        if len(over) > LIMITS_OF_RULE_MAX_COUNT:
            detail = f"the rule stands under {len(over)} limits, and may under {LIMITS_OF_RULE_MAX_COUNT}"
            yield _mistake(located.values["rules", index, "id"], ("rules", index, "id"), detail)
    for place, later in enumerate(found):
        for earlier in found[:place]:
            wrong = _wrong_pair(located, earlier, later)
            if wrong is not None:
                yield _mistake(located.values[later.path], later.path, wrong)
                break


def _wrong_pair(located: Located, earlier: Declared, later: Declared) -> str | None:
    one, other = earlier.limit, later.limit
    line = located.values[earlier.path].line
    if replace(one, most=other.most) == other:
        return f"the limit on line {line} counts the same already"
    why = None if earlier.may_cross or later.may_cross else why_crossing(one, other)
    if why is None:
        return None
    return (
        f"this limit and that on line {line} cross: {why}. Then doing more can give less; let one lie within the"
        " other, or write `crossing: allowed` here"
    )


def _too_dear(read: Mapping[int, _Read]) -> Iterator[tuple[int, ConditionError]]:
    """The rule that takes the most of each type of event on which all conditions together take too much."""
    steps: dict[str, dict[int, int]] = {}
    for index, one in read.items():
        for event_type in one.event_types if one.are_types_known else ():
            steps.setdefault(event_type, {})[index] = one.bound.steps
    for event_type, of_type in sorted(steps.items()):
        together = sum(of_type.values())
        if together > EVENT_STEPS_MAX_COUNT:
            dearest = max(of_type, key=lambda index: (of_type[index], -index))
            detail = (
                f"the {len(of_type)} conditions on {event_type} can take up to {together:,} steps for one event,"
                f" and may take {EVENT_STEPS_MAX_COUNT:,} together; this one takes the most, {of_type[dearest]:,}"
            )
            yield dearest, ConditionError(detail)


def _condition_mistake(located: Located, text: str, index: int, refused: ConditionError) -> Mistake:
    at: Path = ("rules", index, "when")
    mark = _within(text, located.values[at], str(_value_at(located, at)), refused.offset)
    return _mistake(mark, at, refused.detail)


def _list_at(located: Located, path: Path) -> list[Any]:
    found = _value_at(located, path)
    return found if isinstance(found, list) else []


def _value_at(located: Located, path: Path) -> Any:
    """The value at `path`; None where the document is built otherwise."""
    found = located.value
    for part in path:
        inside = found if isinstance(found, dict) else dict(enumerate(found)) if isinstance(found, list) else {}
        found = inside.get(part)
    return found


def _within(text: str, start: Mark, value: str, offset: int | None) -> Mark:
    """Where character `offset` of `value` stands in the text, if it was written on one line as it is."""
    if offset is None:
        return start
    for quote in (0, 1):
        if text.startswith(value, start.index + quote) and "\n" not in value[:offset]:
            return Mark(start.line, start.column + quote + offset, start.index + quote + offset)
    return start


def _account_mistakes(located: Located) -> Iterator[Mistake]:
    at = ("rewards", "payout", "paying_account", "iban")
    iban = _value_at(located, at)
    # What does not even look like one, the model refuses.
    if isinstance(iban, str) and re.fullmatch(IBAN_PATTERN, iban):
        detail = _wrong_iban(iban)
        if detail is not None:
            yield _mistake(located.values[at], at, detail)


def _wrong_iban(iban: str) -> str | None:
    """What is wrong with an IBAN: its country, length, structure or check digits (ISO 13616); None for nothing."""
    country = iban[:2]
    try:
        IBAN(iban)
    except InvalidCountryCode:
        return f"no IBAN begins with {country}; is a letter wrong?"
    except InvalidLength:
        length = IBAN(iban, allow_invalid=True).spec.iban_length
        return f"an IBAN of {country} has {length} characters; {iban} has {len(iban)}"
    except InvalidChecksumDigits:
        return f"the check digits of the IBAN {iban} do not fit; is a digit wrong?"
    except SchwiftyException:
        return f"{iban} is not built as an IBAN of {country} is; is a letter or a digit wrong?"
    return None
