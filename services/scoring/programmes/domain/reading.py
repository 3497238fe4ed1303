"""Programme text → Programme, or every error in it with its line, column, field and what was expected."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from typing import Any, get_args

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from services.scoring.programmes.domain.located_yaml import Located, Mark, Path, YamlRefused, read_yaml
from services.scoring.rules.domain.conditions import ConditionRefused, check_condition
from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.programme import Programme

ERRORS_MAX_COUNT = 100
SHOWN_MAX_CHARS = 60

_SLUG_WORDS = "1 to 63 lower-case letters, digits, `-` and `_`, starting with a letter or digit"
_EXPECTED = {
    "int_type": "a whole number, without quotes",
    "string_type": "text; put it in quotes",
    "list_type": "a list: one `- ` per line, or `[a, b]`",
    "model_type": "fields, one `name: value` per line",
    "bool_type": "true or false",
}
#: What sits under `rules:` and the like, so that a list of them can be checked for ids used twice.
_UNIQUE = (("rules",), ("recognition", "badges"), ("recognition", "levels"), ("rewards", "catalogue"))


@dataclass(frozen=True, slots=True, order=True)
class ProgrammeError:
    """One thing that is wrong: line and column from 1, the field as a JSON Pointer, and what to write."""

    line: int
    column: int
    field: str
    detail: str


def read_programme(text: str) -> Programme | list[ProgrammeError]:
    """Read a programme written in YAML (or JSON, which is YAML too).

    Returns the programme, or all errors found in order of line, at most ERRORS_MAX_COUNT.
    """
    try:
        located = read_yaml(text)
    except YamlRefused as refused:
        return [_error(refused.mark, refused.path, refused.detail)]
    try:
        programme = Programme.model_validate(located.value)
    except ValidationError as invalid:
        errors = [
            error for details in invalid.errors(include_url=False) for error in _located_errors(located, details)
        ]
    else:
        errors = list(_rule_errors(programme, located, text))
        errors.extend(_account_errors(programme, located))
        if not errors:
            return programme
    return sorted(set(errors))[:ERRORS_MAX_COUNT]


def document_of(programme: Programme) -> dict[str, Any]:
    """The programme as plain JSON values, without the fields that were left out."""
    document: dict[str, Any] = programme.model_dump(mode="json", exclude_none=True)
    return document


def document_sha256(document: dict[str, Any]) -> str:
    """SHA-256 of the document in a canonical form, so that comments and layout make no new version."""
    return sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _error(mark: Mark, path: Path, detail: str) -> ProgrammeError:
    return ProgrammeError(mark.line, mark.column, _pointer(path), detail)


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


def _located_errors(located: Located, details: ErrorDetails) -> Iterator[ProgrammeError]:
    """Errors of the reader for one error of pydantic; its location is the path of the value."""
    path: Path = tuple(details["loc"])
    kind = details["type"]
    if not path and kind == "value_error":
        yield from _reference_errors(located, str(details["msg"]).removeprefix("Value error, "))
    elif kind == "missing":
        at = located.values.get(path[:-1], Mark(1, 1, 0))
        yield _error(at, path, f"the field `{path[-1]}` is missing here")
    elif kind == "extra_forbidden":
        known = _fields_at(path[:-1])
        at = located.keys.get(path, Mark(1, 1, 0))
        yield _error(at, path, f"there is no field `{path[-1]}` here; {_near(str(path[-1]), known)}")
    else:
        yield _error(located.values.get(path, Mark(1, 1, 0)), path, _wrong_value(details))


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
    model: Any = Programme
    for part in path:
        if isinstance(part, int):
            continue
        hint = model.model_fields[part].annotation
        model = next(
            one
            for one in (hint, *get_args(hint), *(inner for arg in get_args(hint) for inner in get_args(arg)))
            if isinstance(one, type) and issubclass(one, BaseModel)
        )
    return list(model.model_fields)


def _reference_errors(located: Located, message: str) -> Iterator[ProgrammeError]:
    """Where ids are used twice, and where a badge counts a rule that is not there."""
    found = False
    for path in _UNIQUE:
        section: Any = located.value
        for part in path:
            section = (section or {}).get(part) or {}
        seen: dict[str, int] = {}
        for index, item in enumerate(section):
            at = (*path, index, "id")
            mark = located.values[at]
            if item["id"] in seen:
                found = True
                yield _error(mark, at, f"the id `{item['id']}` is used on line {seen[item['id']]} already")
            seen.setdefault(item["id"], mark.line)
    rules = [rule["id"] for rule in located.value["rules"]]
    badges = (located.value.get("recognition") or {}).get("badges") or []
    for index, badge in enumerate(badges):
        at = ("recognition", "badges", index, "rule")
        if badge.get("rule") is not None and badge["rule"] not in rules:
            found = True
            detail = f"there is no rule `{badge['rule']}`; {_near(badge['rule'], rules)}"
            yield _error(located.values[at], at, detail)
    if not found:
        yield _error(Mark(1, 1, 0), (), message)


def _rule_errors(programme: Programme, located: Located, text: str) -> Iterator[ProgrammeError]:
    for index, rule in enumerate(programme.rules):
        for position, event_type in enumerate(rule.on):
            if event_type == RETRACTED_TYPE:
                retraction: Path = ("rules", index, "on", position)
                detail = "a retraction takes points back; it cannot earn any"
                yield _error(located.values[retraction], retraction, detail)
        if rule.when is None:
            continue
        try:
            check_condition(rule.when, rule.on)
        except ConditionRefused as refused:
            at = ("rules", index, "when")
            mark = _within(text, located.values[at], rule.when, refused.offset)
            yield _error(mark, at, refused.detail)


def _within(text: str, start: Mark, value: str, offset: int | None) -> Mark:
    """Where character `offset` of `value` stands in the text, if it was written on one line as it is."""
    if offset is None:
        return start
    for quote in (0, 1):
        if text.startswith(value, start.index + quote) and "\n" not in value[:offset]:
            return Mark(start.line, start.column + quote + offset, start.index + quote + offset)
    return start


def _account_errors(programme: Programme, located: Located) -> Iterator[ProgrammeError]:
    """The check digits of the paying account's IBAN (ISO 13616: the rearranged number is 1 modulo 97)."""
    payout = programme.rewards.payout
    if payout is None:
        return
    iban = payout.paying_account.iban
    if int("".join(str(int(digit, 36)) for digit in iban[4:] + iban[:4])) % 97 != 1:
        at = ("rewards", "payout", "paying_account", "iban")
        yield _error(located.values[at], at, f"the check digits of the IBAN {iban} do not fit; is a digit wrong?")
