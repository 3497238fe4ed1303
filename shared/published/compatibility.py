"""Whether a published version of a contract still means what it meant, and whom a change would hurt.

What a version takes may grow, for those who send it; what it gives may not shrink, for those who read it.

- Events and programmes come from outside. Whatever was valid must stay valid. They are also read, as they
  came, so a field that was always there must stay so and keep its type; new values and fields are fine.
- Facts are decoded by readers of several releases, from logs that keep everything: readers of today must take
  new facts, and readers of tomorrow the old ones. So nothing changes but descriptions and new optional fields.
  A new value of an enum is breaking; a field whose values will grow is a string with examples.

A change beyond that is a new version of the type, published beside the old one. The services' HTTP APIs
are held to the same in `http_compatibility`, which compares their schemas with what is here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from shared.published.export import PROGRAMME_PATH
from shared.topics import EVENTS, PROGRAMMES, RAW, TOPICS

Schema = Mapping[str, Any]

#: `discriminator` only says which branch of a `oneOf` a value is of; the branches themselves are compared.
_ANNOTATIONS = frozenset({"$defs", "$id", "$schema", "description", "discriminator", "examples", "title"})
_COMPARED = frozenset(
    {"$ref", "additionalProperties", "anyOf", "const", "default", "enum", "format", "items", "oneOf", "pattern"}
    | {"patternProperties", "properties", "propertyNames", "required", "type"}
)
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


@dataclass(frozen=True)
class Change:
    """One change at `place`: a JSON Pointer into the message, after the part of an operation that carries it.

    `narrows`: something that was valid no longer is. `widens`: something is valid that wasn't; "shape" when a
    field may now be missing or of another type, "values" when it stays what it is within wider limits.
    """

    place: str
    detail: str
    narrows: bool = False
    widens: Literal["", "shape", "values"] = ""


@dataclass(frozen=True)
class Break:
    """A change that a published version may not make, and who would be hurt.

    `path` is the schema's, as export names it, or an operation: `rewards GET /v1/catalogue`.
    """

    path: str
    change: Change
    hurt: tuple[str, ...]

    def __str__(self) -> str:
        place = f" at {self.change.place}" if self.change.place else ""
        return f"{self.path}{place}: {self.change.detail} (hurts {', '.join(self.hurt)})"


def breaks(published: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[Break]:
    """What the current schemas may not change of the published ones; both by path, as export names them."""
    found: list[Break] = []
    for path, before in sorted(published.items()):
        after = current.get(path)
        if after is None:
            gone = Change("", "the version is gone", narrows=True, widens="shape")
            found.append(Break(path, gone, (*_senders(path), *_readers(path))))
            continue
        for change in changes(before, after):
            hurt = _hurt(path, change)
            if hurt:
                found.append(Break(path, change, hurt))
    return found


def _hurt(path: str, change: Change) -> tuple[str, ...]:
    if path.startswith("facts/"):
        return _readers(path) if change.narrows or change.widens else ()
    senders = _senders(path) if change.narrows else ()
    # Stored programmes and events are read again, so what they can't say any more hurts readers too.
    return (*senders, *_readers(path)) if change.narrows or change.widens == "shape" else ()


def _senders(path: str) -> tuple[str, ...]:
    if path.startswith("events/"):
        return (f"platforms that send {path.removeprefix('events/').removesuffix('.json')}",)
    return ("authors of programmes",) if path == PROGRAMME_PATH else ()


def _readers(path: str) -> tuple[str, ...]:
    """The consumers of the topics that carry it, as the topic registry names them."""
    kind = path.removeprefix("facts/").removesuffix(".json")
    if path.startswith("events/"):
        topics = [RAW, EVENTS]
    elif path == PROGRAMME_PATH:
        topics = [PROGRAMMES]
    else:
        topics = [topic for topic in TOPICS if kind in topic.facts]
    # A type that no topic carries any more had readers all the same.
    return tuple(dict.fromkeys(consumer for topic in topics for consumer in topic.consumers)) or ("its consumers",)


def changes(before: Schema, after: Schema, documents: tuple[Schema, Schema] | None = None) -> list[Change]:
    """How two JSON Schemas differ in what they take.

    `documents` are what the `$ref`s of each point into, when not the schemas themselves. Knows the keywords that
    pydantic writes for contracts. Raises ValueError for any other, and for a schema that contains itself: what
    can't be compared must not pass as compatible.
    """
    try:
        return list(_changes("", before, after, documents or (before, after)))
    except RecursionError:
        raise ValueError("cannot compare a JSON Schema that contains itself") from None


def _changes(place: str, before: Schema, after: Schema, roots: tuple[Schema, Schema]) -> Iterator[Change]:
    before, after = _resolved(before, roots[0]), _resolved(after, roots[1])
    if not before and not after:
        return
    if _default_differs(before.get("default"), after.get("default")):
        detail = f"what leaves it out meant {before['default']!r}, means {after.get('default')!r}"
        yield Change(place, detail, narrows=True)
    if {"anyOf", "oneOf"} & (before.keys() | after.keys()):
        yield from _branch_changes(place, before, after, roots)
        return
    old, new = _types(before), _types(after)
    if old - new:
        yield Change(place, f"no longer takes {_words(old - new)}", narrows=True)
    if new - old:
        yield Change(place, f"may now be {_words(new - old)}", widens="shape")
    if not old & new:
        return
    yield from _value_changes(place, before, after)
    yield from _bound_changes(place, before, after)
    for keyword in ("pattern", "format"):
        if before.get(keyword) != after.get(keyword):
            detail = f"{keyword} was {before.get(keyword, 'any')}, is {after.get(keyword, 'any')}"
            yield Change(place, detail, keyword in after, "values" if keyword in before else "")
    if old & new >= {"object"}:
        yield from _property_changes(place, before, after, roots)
        yield from _extra_property_changes(place, before, after, roots)
    if old & new >= {"array"}:
        yield from _changes(f"{place}/*", before.get("items", {}), after.get("items", {}), roots)


def _resolved(schema: Any, root: Schema) -> Schema:
    schema = {} if schema is True else schema
    if "$ref" in schema:
        target: Any = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
        schema = {**_resolved(target, root), **beside}
    unknown = schema.keys() - _ANNOTATIONS - _COMPARED - {*_UPPER_BOUNDS, *_LOWER_BOUNDS}
    if unknown:
        raise ValueError(f"cannot compare the JSON Schema keyword {', '.join(sorted(unknown))}")
    return dict(schema)


def _default_differs(before: Any, after: Any) -> bool:
    """Whether a default changed; a section's may have gained fields."""
    if isinstance(before, dict) and isinstance(after, dict):
        return any(_default_differs(value, after.get(name)) for name, value in before.items())
    return before is not None and before != after


def _types(schema: Schema) -> frozenset[str]:
    named = schema.get("type")
    if named is None:
        return _TYPES
    types = frozenset([named] if isinstance(named, str) else named)
    return types | {"integer"} if "number" in types else types


def _words(names: frozenset[str]) -> str:
    return (
        "anything" if names == _TYPES else " or ".join(sorted(names - {"integer"} if "number" in names else names))
    )


def _value_changes(place: str, before: Schema, after: Schema) -> Iterator[Change]:
    old, new = _values(before), _values(after)
    if new is not None and (old is None or set(old) - set(new)):
        lost = "others" if old is None else ", ".join(sorted(set(old) - set(new)))
        yield Change(place, f"takes only {', '.join(new)}, no longer {lost}", narrows=True)
    if old is not None and (new is None or set(new) - set(old)):
        added = "anything" if new is None else ", ".join(sorted(set(new) - set(old)))
        yield Change(place, f"may now be {added}", widens="values")


def _values(schema: Schema) -> list[str] | None:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if values is None else [orjson.dumps(value).decode() for value in values]


def _bound_changes(place: str, before: Schema, after: Schema) -> Iterator[Change]:
    for keyword in (*_UPPER_BOUNDS, *_LOWER_BOUNDS):
        old, new = before.get(keyword), after.get(keyword)
        if old == new:
            continue
        higher = old is not None and new is not None and new > old
        narrows = old is None or (new is not None and higher == (keyword in _LOWER_BOUNDS))
        detail = f"{keyword} was {'none' if old is None else old}, is {'none' if new is None else new}"
        yield Change(place, detail, narrows, "" if narrows else "values")


def _property_changes(place: str, before: Schema, after: Schema, roots: tuple[Schema, Schema]) -> Iterator[Change]:
    old, new = before.get("properties", {}), after.get("properties", {})
    was_required, is_required = set(before.get("required", ())), set(after.get("required", ()))
    for name in sorted(old.keys() | new.keys()):
        field = f"{place}/{name}"
        if name not in new:
            closed = after.get("additionalProperties") is False
            yield Change(field, "the field is removed", narrows=closed, widens="shape")
            continue
        if name in is_required - was_required:
            detail = "an optional field is required now" if name in old else "a new field is required"
            yield Change(field, detail, narrows=True)
        if name in was_required - is_required:
            yield Change(field, "a field that was always there is optional now", widens="shape")
        if name in old:
            yield from _changes(field, old[name], new[name], roots)


def _extra_property_changes(
    place: str, before: Schema, after: Schema, roots: tuple[Schema, Schema]
) -> Iterator[Change]:
    """What may be in an object beyond the fields that it names."""
    old, new = before.get("additionalProperties", True), after.get("additionalProperties", True)
    if new is False and old is not False:
        yield Change(place, "takes no other fields any more", narrows=True)
    elif old is False and new is not False:
        yield Change(place, "may now have other fields", widens="values")
    elif old is not False:
        yield from _changes(f"{place}/*", old, new, roots)
    old, new = before.get("patternProperties", {}), after.get("patternProperties", {})
    for pattern in sorted(old.keys() | new.keys()):
        if pattern not in new or pattern not in old:
            detail = f"the names of its fields are others now ({pattern})"
            yield Change(place, detail, narrows=True, widens="values")
        else:
            yield from _changes(f"{place}/*", old[pattern], new[pattern], roots)
    yield from _changes(f"{place}/*", before.get("propertyNames", {}), after.get("propertyNames", {}), roots)


def _branch_changes(place: str, before: Schema, after: Schema, roots: tuple[Schema, Schema]) -> Iterator[Change]:
    old, new = _branches(before), _branches(after)
    pairs = [[list(_changes(place, alternative, other, roots)) for other in new] for alternative in old]
    for alternative, with_each in zip(old, pairs, strict=True):
        if all(any(change.narrows for change in found) for found in with_each):
            yield Change(place, f"no longer takes {_brief(alternative)}", narrows=True)
    for index, other in enumerate(new):
        kinds = [{change.widens for change in found[index]} - {""} for found in pairs]
        if all(kinds):
            # Within the limits of the likest branch: of the same shape if there is one.
            yield Change(place, f"may now be {_brief(other)}", widens="values" if {"values"} in kinds else "shape")


def _branches(schema: Schema) -> Sequence[Schema]:
    """The schemas that it is one of; those of a `oneOf` exclude one another, so they are an `anyOf` too."""
    found: Sequence[Schema] = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return found


def _brief(branch: Schema) -> str:
    return orjson.dumps(_without_annotations(branch)).decode()


def _without_annotations(branch: Schema) -> Sequence[Any] | Mapping[str, Any]:
    return {keyword: value for keyword, value in branch.items() if keyword not in _ANNOTATIONS}
