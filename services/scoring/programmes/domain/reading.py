"""Programme text → Programme, or every mistake in it with its line, column, field and what was expected."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from typing import Any, get_args

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from schwifty import IBAN
from schwifty.exceptions import InvalidChecksumDigits, InvalidCountryCode, InvalidLength, SchwiftyException

from services.scoring.programmes.domain.located_yaml import Located, Mark, Path, YamlError, read_yaml
from services.scoring.programmes.domain.publication import Document
from services.scoring.rules.domain.conditions import read_condition, try_condition
from services.scoring.rules.domain.costs import EVENT_STEPS_MAX_COUNT, Bound
from services.scoring.rules.domain.errors import ConditionError
from services.scoring.rules.domain.language.tree import Node
from services.scoring.rules.domain.trials import Clock
from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.programme import IdsError, Programme, RepeatedId

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


def read_programme(text: str, *, clock: Clock | None = None) -> Programme | list[Mistake]:
    """Read a programme written in YAML (or JSON, which is YAML too), and try its conditions.

    Returns the programme, or all mistakes found in order of line, at most MISTAKES_MAX_COUNT. `clock` gives
    seconds of the processor; with it, a condition that takes too long when it is tried is a mistake too.
    """
    try:
        located = read_yaml(text)
    except YamlError as refused:
        return [_mistake(refused.mark, refused.path, refused.detail)]
    try:
        programme = Programme.model_validate(located.value)
    except ValidationError as invalid:
        mistakes = [
            mistake
            for details in invalid.errors(include_url=False)
            for mistake in _located_mistakes(located, details)
        ]
    else:
        mistakes = list(_rule_mistakes(programme, located, text, clock))
        mistakes.extend(_account_mistakes(programme, located))
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


def _near(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"


def _located_mistakes(located: Located, details: ErrorDetails) -> Iterator[Mistake]:
    """Mistakes for one error of pydantic, whose location is the path of the value."""
    path: Path = tuple(details["loc"])
    kind = details["type"]
    error = details.get("ctx", {}).get("error")
    if isinstance(error, IdsError):
        yield from _id_mistakes(located, error)
    elif kind == "missing":
        at = located.values.get(path[:-1], Mark(1, 1, 0))
        yield _mistake(at, path, f"the field `{path[-1]}` is missing here")
    elif kind == "extra_forbidden":
        known = _fields_at(path[:-1])
        at = located.keys.get(path, Mark(1, 1, 0))
        yield _mistake(at, path, f"there is no field `{path[-1]}` here; {_near(str(path[-1]), known)}")
    else:
        yield _mistake(located.values.get(path, Mark(1, 1, 0)), path, _wrong_value(details))


def _wrong_value(details: ErrorDetails) -> str:
    kind, value = details["type"], details["input"]
    context = details.get("ctx", {})
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}; got {_shown(value)}"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        return f"{_shown(value)} is not one of them; {_near(str(value), known)}"
    if kind == "string_pattern_mismatch":
        words = _SLUG_WORDS if context["pattern"].startswith("^[a-z0-9]") else f"text like {context['pattern']}"
        return f"expected {words}; got {_shown(value)}"
    message = details["msg"][0].lower() + details["msg"][1:]
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


def _id_mistakes(located: Located, wrong: IdsError) -> Iterator[Mistake]:
    """Where ids are used twice, and where something that isn't there is named."""
    for problem in wrong.problems:
        mark = located.values[problem.path]
        if isinstance(problem, RepeatedId):
            detail = f"the id `{problem.id}` is used on line {located.values[problem.earlier].line} already"
        else:
            detail = (
                f"there is no {problem.reference.target.noun} `{problem.id}`; {_near(problem.id, problem.known)}"
            )
        yield _mistake(mark, problem.path, detail)


def _rule_mistakes(programme: Programme, located: Located, text: str, clock: Clock | None) -> Iterator[Mistake]:
    read: dict[int, tuple[Node, Bound]] = {}
    for index, rule in enumerate(programme.rules):
        for position, event_type in enumerate(rule.on):
            if event_type == RETRACTED_TYPE:
                retraction: Path = ("rules", index, "on", position)
                detail = "a retraction takes points back; it cannot earn any"
                yield _mistake(located.values[retraction], retraction, detail)
        if rule.when is None:
            continue
        try:
            tree, bound = read_condition(rule.when, tuple(rule.on))
            bound.check()
        except ConditionError as refused:
            yield _condition_mistake(programme, located, text, index, refused)
        else:
            read[index] = tree, bound
    # Tried only once it is known that all of them together take a bounded time.
    too_dear = dict(_too_dear(programme, read))
    for index, (tree, _) in read.items():
        try:
            if index in too_dear:
                raise too_dear[index]
            if not too_dear:
                try_condition(tree, tuple(programme.rules[index].on), clock)
        except ConditionError as refused:
            yield _condition_mistake(programme, located, text, index, refused)


def _too_dear(
    programme: Programme, read: Mapping[int, tuple[Node, Bound]]
) -> Iterator[tuple[int, ConditionError]]:
    """The rule that takes the most of each type of event on which all conditions together take too much."""
    steps: dict[str, dict[int, int]] = {}
    for index, (_, bound) in read.items():
        for event_type in set(programme.rules[index].on):
            steps.setdefault(event_type, {})[index] = bound.steps
    for event_type, of_type in sorted(steps.items()):
        together = sum(of_type.values())
        if together > EVENT_STEPS_MAX_COUNT:
            dearest = max(of_type, key=lambda index: (of_type[index], -index))
            detail = (
                f"the {len(of_type)} conditions on {event_type} can take up to {together:,} steps for one event,"
                f" and may take {EVENT_STEPS_MAX_COUNT:,} together; this one takes the most, {of_type[dearest]:,}"
            )
            yield dearest, ConditionError(detail)


def _condition_mistake(
    programme: Programme, located: Located, text: str, index: int, refused: ConditionError
) -> Mistake:
    at: Path = ("rules", index, "when")
    mark = _within(text, located.values[at], programme.rules[index].when or "", refused.offset)
    return _mistake(mark, at, refused.detail)


def _within(text: str, start: Mark, value: str, offset: int | None) -> Mark:
    """Where character `offset` of `value` stands in the text, if it was written on one line as it is."""
    if offset is None:
        return start
    for quote in (0, 1):
        if text.startswith(value, start.index + quote) and "\n" not in value[:offset]:
            return Mark(start.line, start.column + quote + offset, start.index + quote + offset)
    return start


def _account_mistakes(programme: Programme, located: Located) -> Iterator[Mistake]:
    payout = programme.rewards.payout
    detail = None if payout is None else _wrong_iban(payout.paying_account.iban)
    if detail is not None:
        at = ("rewards", "payout", "paying_account", "iban")
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
