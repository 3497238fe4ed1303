"""What may stand at a place of a programme's text: fields, event types, ids, and names in conditions.

The text is read as far as YAML goes with a mark where the cursor is, since whoever writes has not finished: the
mark stands in for what is missing there, as a value or as a key, and the rest of the text need not be right.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Required, get_args, get_origin

import yaml
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from services.scoring.programmes.domain.badges import BADGES, CRITERIA
from services.scoring.programmes.domain.fields import field_at, section_at
from services.scoring.rules.domain.attributes import MEMBER
from services.scoring.rules.domain.audiences import AUDIENCES
from services.scoring.rules.domain.conditions import FUNCTIONS
from services.scoring.rules.domain.counters import COUNTER, COUNTERS
from services.scoring.rules.domain.extents import contract_fields
from services.scoring.rules.domain.kinds import OwnTypes, data_contract, kinds_of, own_types
from services.scoring.rules.domain.qualities import JUDGE_TRUST, QUALITY
from shared.conditions.criteria import EARNED_POINTS, POINTS
from shared.conditions.evaluation import EVENT_FIELDS
from shared.contracts.activities import ACTIVITIES, ACTIVITY_TYPES, TARGETING_TYPES, activity_type
from shared.contracts.programme import REFERENCES, CustomEventType
from shared.located_yaml import DEPTH_MAX_COUNT, DOCUMENT_MAX_BYTES, Path

COMPLETIONS_MAX_COUNT = 60
DETAIL_MAX_CHARS = 160

#: Where a programme declares types of events.
_OWN: Path = ("events", "types")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: In private use, so that no programme has one by chance.
_MARK = "\ue000"
#: What may have to follow the mark, for the parser to get as far.
_ENDINGS = ("", ": 0", "'", '"', "']", '"]', "'}", '"}')
_WORD = re.compile(r"[\w.-]*\Z")
_NAME = re.compile(r"[A-Za-z_][\w.]*\Z|\Z")
#: A function and the quotes that follow it are one word: they are asked for together.
_CRITERION = re.compile(r"""[A-Za-z_]\w*(?:\(["'][\w-]*)?\Z|\Z""")
_COMPARED = re.compile(r"""(data(?:\.\w+)+)\s*(?:==|!=)\s*(["']?\w*)\Z""")
#: What is asked of a value, behind a dot; all other functions take it in brackets.
_METHODS_OF_TEXT = ("contains", "startsWith", "endsWith", "matches", "size")
_METHODS_OF_TIME = tuple(name for name in FUNCTIONS if name.startswith("get"))
_LOOPS = ("all", "exists", "exists_one", "filter", "map")
_CALLED = ("has", *(name for name in FUNCTIONS if name not in {*_METHODS_OF_TIME, *_METHODS_OF_TEXT[:4]}))
_WORDS = ((str, "text"), (int, "a whole number"), (float, "a number"), (bool, "true or false"))
_ABOUT_EVENT = {"id": "text", "source": "text", "type": "text", "time": "a moment"}


class Completion(NamedTuple):
    """Something that may stand there: the text, what kind of thing it is, and what is said of it."""

    text: str
    kind: Literal["field", "value", "event_type", "id", "name", "function"]
    detail: str = ""


class Cursor(NamedTuple):
    """Where somebody is in a text: before the character at `line` and `column`, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Completions:
    """What may stand at a place, in place of what is there from `column` (from 1) up to the cursor."""

    column: int
    found: Sequence[Completion]


@dataclass(slots=True)
class _Seen:
    """What was read of a text: its values, and where the mark stood, with what stood before it there."""

    value: Any = None
    path: Path | None = None
    before: str = ""
    is_key: bool = False


def completions(text: str, cursor: Cursor) -> Completions:
    """What may stand at the cursor, in a text that somebody is writing.

    Of a place beyond the text, and of a text that is too long to be a programme, nothing is known.
    """
    line, column = cursor
    lines = text.replace(_MARK, " ").split("\n")
    if (
        len(text) > DOCUMENT_MAX_BYTES
        or not 1 <= line <= len(lines)
        or not 1 <= column <= len(lines[line - 1]) + 1
    ):
        return Completions(column, [])
    before, after = lines[line - 1][: column - 1], lines[line - 1][column - 1 :]
    head, tail = "\n".join([*lines[: line - 1], before]), "\n".join([after, *lines[line:]])
    seen = _seen(head, tail)
    if seen is None or seen.path is None:
        return Completions(column, [])
    if seen.path[:1] in (("rules",), (AUDIENCES,)) and seen.path[2:] == ("when",) and not seen.is_key:
        start, found = _in_condition(seen)
    elif seen.path[:2] == BADGES and seen.path[3:] in {(field,) for field in CRITERIA} and not seen.is_key:
        start = _match(_CRITERION, seen.before)
        found = _beginning(start, _in_criterion(seen.value))
    else:
        word = _match(_WORD, seen.before)
        start, found = word, _beginning(word, _in_document(seen, before))
    return Completions(column - len(start), list(islice(found, COMPLETIONS_MAX_COUNT)))


def _match(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


def _beginning(word: str, found: Iterable[Completion]) -> list[Completion]:
    """Those that begin with a word, then those that have it within; the whole word itself says nothing new."""
    wanted, found = word.lower(), list(found)
    first = [one for one in found if one.text.lower().startswith(wanted)]
    within = [one for one in found if one not in first and wanted in one.text.lower()]
    return [one for one in [*first, *within] if one.text != word]


# What the text says


def _seen(head: str, tail: str) -> _Seen | None:
    """The text with the mark in it, by whichever way of going on lets the parser come to the mark."""
    for rest in (tail, ""):
        for ending in _ENDINGS:
            seen = _read(f"{head}{_MARK}{ending}{rest}")
            if seen.path is not None:
                return seen
    return None


def _read(text: str) -> _Seen:
    seen = _Seen()
    try:
        events = yaml.parse(text, Loader=_LOADER)
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                _node(event, events, (), seen)
                break
    except (yaml.YAMLError, UnicodeEncodeError, StopIteration, _TooDeepError):
        pass  # what was read until there is enough
    return seen


class _TooDeepError(Exception):
    pass


def _node(event: Any, events: Iterator[Any], path: Path, seen: _Seen) -> Any:
    if len(path) > DEPTH_MAX_COUNT:
        raise _TooDeepError
    if isinstance(event, yaml.ScalarEvent):
        _look(event.value, path, seen, is_key=False)
        return event.value
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Any] = []
        _place(seen, path, items)
        for inner in events:
            if isinstance(inner, yaml.SequenceEndEvent):
                break
            items.append(None)
            items[-1] = _node(inner, events, (*path, len(items) - 1), seen)
        return items
    entries: dict[str, Any] = {}
    _place(seen, path, entries)
    for key in events if isinstance(event, yaml.MappingStartEvent) else ():
        if isinstance(key, yaml.MappingEndEvent):
            break
        name = key.value if isinstance(key, yaml.ScalarEvent) else ""
        _look(name, path, seen, is_key=True)
        entries[name] = None
        entries[name] = _node(next(events), events, (*path, name), seen)
    return entries


def _place(seen: _Seen, path: Path, made: Any) -> None:
    """Put a list or map where it stands already, so that it is there even when the text ends within it."""
    if not path:
        seen.value = made
        return
    holder = seen.value
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = made


def _look(value: str, path: Path, seen: _Seen, *, is_key: bool) -> None:
    if _MARK in value and seen.path is None:
        seen.path, seen.before, seen.is_key = path, value.partition(_MARK)[0], is_key


# What may stand in the document


def _in_document(seen: _Seen, line: str) -> Iterator[Completion]:
    path = seen.path or ()
    is_line_new = not line.removesuffix(_match(_WORD, line)).strip()
    if seen.is_key:
        yield from _fields(path, seen)
        return
    if not path:
        yield from _fields((), seen)
        return
    field = field_at(tuple(part for part in path if isinstance(part, str)))
    section = section_at(path)
    if section is not None and field is not None and _takes_list(field) and not isinstance(path[-1], int):
        first = "id" if "id" in section.model_fields else next(iter(section.model_fields))
        yield from [Completion(f"- {first}: ", "field", "an item of the list")] if is_line_new else []
    elif section is not None and (isinstance(path[-1], int) or is_line_new):
        yield from _fields(path, seen)
    elif field is not None:
        yield from _values(path, field, seen, is_list_open=line.rstrip().endswith("["))


def _takes_list(field: FieldInfo) -> bool:
    return get_origin(_plain(field.annotation)) is list


def _fields(path: Path, seen: _Seen) -> Iterator[Completion]:
    section = section_at(path)
    if section is None:
        return
    there = _inner(seen.value, path)
    used = {name for name in there if _MARK not in name} if isinstance(there, dict) else set()
    for name, field in section.model_fields.items():
        if name not in used:
            needed = "needed; " if field.is_required() else ""
            yield Completion(f"{name}: ", "field", f"{needed}{_kind(field)}"[:DETAIL_MAX_CHARS])


def _kind(field: FieldInfo) -> str:
    """What a field takes, in a few words."""
    return _about(field.annotation) or "fields of its own"


def _plain(hint: Any) -> Any:
    """A hint without what is said around it and without that it may be missing."""
    while True:
        if get_origin(hint) in {Annotated, NotRequired, Required}:
            hint = get_args(hint)[0]
            continue
        inner = [one for one in get_args(hint) if one is not type(None)]
        if get_origin(hint) in {list, dict, Literal} or not inner:
            return hint
        if type(None) not in get_args(hint):
            return hint
        hint = inner[0]


def _values(path: Path, field: FieldInfo, seen: _Seen, *, is_list_open: bool) -> Iterator[Completion]:
    names = tuple(part for part in path if isinstance(part, str))
    hint, takes_list = _plain(field.annotation), _takes_list(field)
    is_item = isinstance(path[-1], int)
    item = _plain(get_args(hint)[0]) if takes_list else hint
    for reference in REFERENCES:
        if not reference.beside and (*reference.source.path, reference.field) == names:
            for target in _ids(seen.value, reference.target.path):
                yield Completion(_listed(target.text, takes_list, is_item, is_list_open), "id", target.detail)
    if names == ("rules", "on"):
        for event_type, about in (*_event_types(), *((one.text, one.detail) for one in _ids(seen.value, _OWN))):
            yield Completion(_listed(event_type, takes_list, is_item, is_list_open), "event_type", about)
    elif get_origin(item) is Literal:
        for value in get_args(item):
            yield Completion(str(value), "value")
    elif item is bool:
        yield from (Completion("true", "value"), Completion("false", "value"))


def _listed(text: str, takes_list: bool, is_item: bool, is_list_open: bool) -> str:
    """A value where a list has to be: in brackets, unless it stands in one."""
    return f"[{text}]" if takes_list and not is_item and not is_list_open else text


def _ids(document: Any, path: Path) -> Iterator[Completion]:
    items = _inner(document, path)
    for one in items if isinstance(items, list) else ():
        if isinstance(one, dict) and isinstance(one.get("id"), str) and _MARK not in one["id"]:
            yield Completion(one["id"], "id", str(one.get("title") or ""))


def _event_types() -> Iterator[tuple[str, str]]:
    about = {activity_type(one): (one.__doc__ or "").split("\n\n")[0] for one in ACTIVITIES}
    for event_type in ACTIVITY_TYPES:
        if event_type not in TARGETING_TYPES:
            yield event_type, " ".join(about[event_type].split())[:DETAIL_MAX_CHARS]


def _inner(value: Any, path: Path) -> Any:
    for part in path:
        inside = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
        value = inside.get(part)
    return value


# What may stand in a condition


def _in_condition(seen: _Seen) -> tuple[str, list[Completion]]:
    rule = _inner(seen.value, (seen.path or ())[:2])
    if (seen.path or ())[:1] == (AUDIENCES,):
        word = _match(_NAME, seen.before)
        return word, _beginning(word, _of_member(word, {**_attributes(seen.value), **_measures(rule)}))
    on = rule.get("on") if isinstance(rule, dict) else None
    own = _own_types(seen.value)
    types = [one for one in on if one in ACTIVITY_TYPES or one in own] if isinstance(on, list) else []
    contracts = [data_contract(kind) for kind in kinds_of(types or (*ACTIVITY_TYPES, *own), own)]
    compared = _COMPARED.search(seen.before)
    if compared is not None:
        values = dict.fromkeys(
            value for contract in contracts for value in _literals(contract, compared[1].split(".")[1:])
        )
        if values:
            wanted = compared[2].replace("'", '"')
            return compared[2], _beginning(wanted, [Completion(f'"{value}"', "value") for value in values])
    word = _match(_NAME, seen.before)
    return word, _beginning(
        word,
        (
            *_names(word, contracts, _attributes(seen.value)),
            *_audiences(word, seen.value),
            *_qualities(word, seen.value),
            *_counters(word, seen.value),
        ),
    )


def _in_criterion(document: Any) -> Iterator[Completion]:
    """What a badge may ask for: what members have, each with an id of the programme's."""
    yield Completion(POINTS, "name", "points that can be spent")
    yield Completion(EARNED_POINTS, "name", "without those that came with badges, levels and quests")
    for name, path, about in (
        ("events", ("rules",), "events that meet the rule"),
        ("awards", ("rules",), "awards that the rule gave"),
        ("streak", ("recognition", "streaks"), "the longest run of it"),
        ("quest", ("recognition", "quests"), "1 once it is completed"),
        ("score", ("scores",), "points of the score"),
    ):
        for one in _ids(document, path):
            detail = f"{about}: {one.detail}" if one.detail else about
            yield Completion(f'{name}("{one.text}")', "function", detail[:DETAIL_MAX_CHARS])
    yield from _audiences("", document)


def _of_member(word: str, names: Mapping[str, str]) -> Iterator[Completion]:
    """What the condition of an audience may read: nothing but the member."""
    *path, _ = word.split(".")
    if not path:
        yield Completion(MEMBER, "name", "what is known of the member, and the measures of the audience")
    elif path == [MEMBER]:
        yield from (Completion(f"{MEMBER}.{name}", "name", kind) for name, kind in names.items())


def _measures(audience: Any) -> dict[str, str]:
    items = _inner(audience, ("measures",))
    return {
        one["id"]: str(one.get("of") or "number")
        for one in (items if isinstance(items, list) else ())
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    }


def _audiences(word: str, document: Any) -> Iterator[Completion]:
    """Whether one is in an audience, whole: it is asked in one way."""
    if "." not in word:
        for one in _ids(document, (AUDIENCES,)):
            yield Completion(f'"{one.text}" in {AUDIENCES}', "name", one.detail)


def _qualities(word: str, document: Any) -> Iterator[Completion]:
    """What is known of quality, once the programme has a section for it."""
    if "." not in word and isinstance(document, dict) and QUALITY in document:
        yield Completion(JUDGE_TRUST, "name", "how far who did it is trusted to judge, from 0.0 to 1.0")
        yield Completion(QUALITY, "name", "how good what it is about was judged to be, from 0.0 to 1.0")


def _counters(word: str, document: Any) -> Iterator[Completion]:
    """What the member did until then, by counters."""
    if "." not in word:
        for one in _ids(document, (COUNTERS,)):
            yield Completion(f'{COUNTER}("{one.text}")', "name", one.detail)


def _names(word: str, contracts: Sequence[Any], attributes: Mapping[str, str]) -> Iterator[Completion]:
    *path, _ = word.split(".")
    if not path:
        yield Completion("data", "name", "what the event says")
        yield Completion("event", "name", "its id, source, type and time")
        if attributes:
            yield Completion(MEMBER, "name", "what is known of whom the points are for")
        yield from (Completion(f"{name}(", "function") for name in _CALLED)
        return
    before = ".".join(path)
    if path == [MEMBER]:
        yield from (Completion(f"{before}.{name}", "name", kind) for name, kind in attributes.items())
    elif path == ["event"]:
        yield from (Completion(f"{before}.{name}", "name", _ABOUT_EVENT.get(name, "")) for name in EVENT_FIELDS)
    elif path == ["event", "time"]:
        yield from (Completion(f"{before}.{name}()", "function") for name in _METHODS_OF_TIME)
    elif path[0] == "data":
        found = {
            name: contract
            for contract in contracts
            for name, contract in (contract_fields(_followed(contract, path[1:])) or {}).items()
        }
        yield from (Completion(f"{before}.{name}", "name", _about(one)) for name, one in sorted(found.items()))
        if not found:
            yield from (Completion(f"{before}.{name}(", "function") for name in (*_METHODS_OF_TEXT, *_LOOPS))


def _followed(contract: Any, names: Iterable[str]) -> Any:
    """The contract of a field within a field; None where there is none."""
    for name in names:
        contract = (contract_fields(contract) or {}).get(name)
    return contract


def _about(hint: Any) -> str:
    """What a value is, in a few words; nothing for what has fields of its own."""
    bare = _plain(hint)
    if get_origin(bare) is Literal:
        values = [str(one) for one in get_args(bare)]
        return "one of " + ", ".join(values[:6]) + (" …" if len(values) > 6 else "")
    return "a list" if get_origin(bare) is list else next((word for kind, word in _WORDS if bare is kind), "")


def _literals(contract: Any, names: Iterable[str]) -> Sequence[str]:
    bare = _plain(_followed(contract, names))
    return [one for one in get_args(bare) if isinstance(one, str)] if get_origin(bare) is Literal else []


def _own_types(document: Any) -> OwnTypes:
    """The types that a programme declares, as far as they are written and right."""
    found = []
    items = _inner(document, _OWN)
    for one in items if isinstance(items, list) else ():
        with suppress(ValidationError):
            # The parser leaves all plain values as text.
            found.append(CustomEventType.model_validate(one, strict=False))
    return own_types(found)


def _attributes(document: Any) -> dict[str, str]:
    """The attributes that a programme declares for rules, as far as it is written."""
    items = _inner(document, ("attributes",))
    return {
        one["id"]: str(one.get("type") or "text")
        for one in (items if isinstance(items, list) else ())
        if isinstance(one, dict) and isinstance(one.get("id"), str) and one.get("for_rules") == "true"
    }
