"""Whether the operations of a published HTTP API still take and answer what they did.

What an operation takes may grow and what it answers may not shrink, for its clients are updated when their owners
like. So a parameter, a body or a media type may not go or take less, and nothing new may be demanded, not even a
key; an answer that reported success must come with the same status and with the fields it had, each of the same
type. New fields, new values, new optional parameters and other errors are fine, and so is a change of words.

A change beyond that is a new path, published beside the old one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import orjson

from shared.published.compatibility import Break, Change, Schema, changes

_Documents = tuple[Schema, Schema]

_METHODS = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "trace"})
#: What is compared of each part of a document. Anything else is refused, but for words, which never matter.
_OPERATION = frozenset({"parameters", "requestBody", "responses", "security"})
_PARAMETER = frozenset({"in", "name", "required", "schema"})
_BODY = frozenset({"content", "required"})
_RESPONSE = frozenset({"content", "headers"})
_HEADER = frozenset({"required", "schema"})
_MEDIA = frozenset({"schema"})
_WORDS = frozenset({"deprecated", "description", "example", "examples", "operationId", "summary", "tags"})


def operation_breaks(published: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[Break]:
    """What the current OpenAPI documents may not change of the published ones; both by the service's name.

    Each break's path is the operation, like `rewards GET /v1/catalogue`. Raises ValueError for a keyword of
    OpenAPI or JSON Schema that can't be compared.
    """
    found: list[Break] = []
    for service, before in sorted(published.items()):
        after = current.get(service, {})
        operations = _operations(after)
        for name, operation in _operations(before).items():
            found += [
                Break(f"{service} {name}", change, (f"clients of the {service} API",))
                for change in _operation_changes(operation, operations.get(name), (before, after))
            ]
    return found


def _operations(document: Schema) -> dict[str, Schema]:
    """Every operation by its method and path."""
    return {
        f"{method.upper()} {path}": _known(operation, _OPERATION)
        for path, methods in sorted(document.get("paths", {}).items())
        for method, operation in sorted(_known(methods, _METHODS).items())
    }


def _known(part: Schema, compared: frozenset[str]) -> Schema:
    unknown = part.keys() - compared - _WORDS
    if unknown:
        raise ValueError(f"cannot compare the OpenAPI keyword {', '.join(sorted(unknown))}")
    return part


def _operation_changes(before: Schema, after: Schema | None, documents: _Documents) -> Iterator[Change]:
    """The changes that hurt a client, and no others."""
    if after is None:
        yield Change("", "the operation is gone", narrows=True, widens="shape")
        return
    yield from _security_changes(before, after, documents)
    yield from _parameter_changes(before, after, documents)
    yield from _body_changes(before.get("requestBody"), after.get("requestBody"), documents)
    yield from _answer_changes(before.get("responses", {}), after.get("responses", {}), documents)


def _security_changes(before: Schema, after: Schema, documents: _Documents) -> Iterator[Change]:
    ways = _ways_in(after, documents[1])
    for held in _ways_in(before, documents[0]):
        if not any(_suffices(held, asked) for asked in ways):
            credentials = f"only {' and '.join(held)}" if held else "no credentials"
            yield Change("security", f"is refused now with {credentials}", narrows=True)


def _ways_in(operation: Schema, document: Schema) -> list[dict[str, frozenset[str]]]:
    """The credentials of each way in, by scheme with the scopes; a scheme is what it says, not its name."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    ways = operation.get("security", document.get("security")) or [{}]
    return [{_scheme(schemes[name]): frozenset(scopes) for name, scopes in way.items()} for way in ways]


def _scheme(definition: Schema) -> str:
    said = {keyword: value for keyword, value in definition.items() if keyword not in _WORDS}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()


def _suffices(held: Mapping[str, frozenset[str]], asked: Mapping[str, frozenset[str]]) -> bool:
    return all(scheme in held and scopes <= held[scheme] for scheme, scopes in asked.items())


def _parameter_changes(before: Schema, after: Schema, documents: _Documents) -> Iterator[Change]:
    old, new = _parameters(before), _parameters(after)
    for place in sorted(old.keys() | new.keys()):
        if place not in new:
            yield Change(place, "the parameter is removed", narrows=True)
            continue
        if new[place].get("required") and not old.get(place, {}).get("required"):
            detail = "an optional parameter is required now" if place in old else "a new parameter is required"
            yield Change(place, detail, narrows=True)
        if place in old:
            yield from _narrowings(place, old[place], new[place], documents)


def _parameters(operation: Schema) -> dict[str, Schema]:
    """By where they are and their name; the case of a header's doesn't matter."""
    found = {}
    for parameter in (_known(stated, _PARAMETER) for stated in operation.get("parameters", ())):
        name = parameter["name"].lower() if parameter["in"] == "header" else parameter["name"]
        found[f"{parameter['in']} parameter {name}"] = parameter
    return found


def _body_changes(before: Schema | None, after: Schema | None, documents: _Documents) -> Iterator[Change]:
    old, new = _known(before or {}, _BODY), _known(after or {}, _BODY)
    if new.get("required") and not old.get("required"):
        yield Change("body", "an optional body is required now" if old else "a body is required now", narrows=True)
    content = new.get("content", {})
    for media, body in old.get("content", {}).items():
        if media in content:
            yield from _narrowings(
                f"body {media}", _known(body, _MEDIA), _known(content[media], _MEDIA), documents
            )
        else:
            yield Change("body", f"no longer takes {media}", narrows=True)


def _narrowings(place: str, before: Schema, after: Schema, documents: _Documents) -> Iterator[Change]:
    found = changes(before.get("schema", {}), after.get("schema", {}), documents)
    return (_within(place, change) for change in found if change.narrows)


def _answer_changes(before: Schema, after: Schema, documents: _Documents) -> Iterator[Change]:
    """Only of the answers that report success: errors are all of one form, and their statuses may come and go."""
    for status in sorted(status for status in before if status.startswith("2")):
        if status not in after:
            yield Change(status, "this success is no longer answered", widens="shape")
            continue
        old, new = _known(before[status], _RESPONSE), _known(after[status], _RESPONSE)
        yield from _content_changes(status, old.get("content", {}), new.get("content", {}), documents)
        yield from _header_changes(status, old.get("headers", {}), new.get("headers", {}), documents)


def _content_changes(status: str, before: Schema, after: Schema, documents: _Documents) -> Iterator[Change]:
    for media, body in before.items():
        if media in after:
            yield from _losses(f"{status} {media}", _known(body, _MEDIA), _known(after[media], _MEDIA), documents)
        else:
            yield Change(status, f"no longer answers {media}", widens="shape")


def _header_changes(status: str, before: Schema, after: Schema, documents: _Documents) -> Iterator[Change]:
    headers = {name.lower(): _known(header, _HEADER) for name, header in after.items()}
    for name, former in before.items():
        place, header = f"{status} header {name.lower()}", headers.get(name.lower())
        if header is None:
            yield Change(place, "the header is removed", widens="shape")
            continue
        if former.get("required") and not header.get("required"):
            yield Change(place, "a header that was always there is optional now", widens="shape")
        yield from _losses(place, _known(former, _HEADER), header, documents)


def _losses(place: str, before: Schema, after: Schema, documents: _Documents) -> Iterator[Change]:
    found = changes(before.get("schema", {}), after.get("schema", {}), documents)
    return (_within(place, change) for change in found if change.widens == "shape")


def _within(place: str, change: Change) -> Change:
    return replace(change, place=f"{place} {change.place}".rstrip())
