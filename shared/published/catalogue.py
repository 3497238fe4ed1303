"""The generated part of docs/events.md: every event type that platforms may send, in Markdown."""

from collections.abc import Mapping
from typing import Any

import orjson

from shared.published.export import EVENT_EXAMPLES, EVENTS_BY_TYPE, event_schema

BEGIN = "<!-- Generated from shared/contracts by `make schemas`; change the contracts, not this part. -->"
END = "<!-- End of the generated part. -->"
#: Fields that every event's data may have; the page explains them once.
COMMON_FIELDS = frozenset({"channel", "actor", "object", "in_reply_to", "contributors", "attributes"})


def catalogue() -> str:
    """A table of the types, then a section for each with its own fields and an example."""
    overview = ["| Type | Usual channel | Meaning | Own fields |", "|---|---|---|---|"]
    sections = []
    for event_type in EVENTS_BY_TYPE:
        schema = event_schema(event_type)
        example = EVENT_EXAMPLES[event_type][0]
        fields = _own_fields(schema)
        names = ", ".join(
            f"`{name}`" + (" (required)" if field["required"] else "") for name, field in fields.items()
        )
        link = f"[`{event_type}`](#{event_type.replace('.', '')})"
        meaning = " ".join(schema["description"].split())
        overview.append(f"| {link} | {example['data']['channel']} | {meaning} | {names or '—'} |")
        sections.append(_section(event_type, meaning, fields, example))
    return "\n".join([*overview, "", *sections])


def with_catalogue(page: str) -> str:
    """The page with its generated part made anew. Raises ValueError when its markers are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{catalogue()}\n{END}{after}"


def _section(event_type: str, meaning: str, fields: Mapping[str, Any], example: Any) -> str:
    lines = [f"### {event_type}", "", meaning, ""]
    if fields:
        lines += ["| Field of `data` | Required | Value |", "|---|---|---|"]
        lines += [
            f"| `{name}` | {'yes' if field['required'] else 'no'} | {field['value']} |"
            for name, field in fields.items()
        ]
        lines.append("")
    text = orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
    schema_link = f"[JSON Schema](../schemas/events/{event_type}.json)"
    return "\n".join([*lines, "```json", text, "```", "", schema_link, ""])


def _own_fields(schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    data = _resolved(schema["properties"]["data"], schema)
    required = set(data["required"])
    return {
        name: {"required": name in required, "value": _value(field, schema)}
        for name, field in data["properties"].items()
        if name not in COMMON_FIELDS
    }


def _resolved(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    return schema["$defs"][field["$ref"].removeprefix("#/$defs/")] if "$ref" in field else field


def _value(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a field holds, in words."""
    field = _resolved(field, schema)
    if "properties" in field:
        parts = ", ".join(f"`{name}` ({_value(part, schema)})" for name, part in field["properties"].items())
        return f"object: {parts}"
    if field["type"] == "integer":
        return f"integer, {field['minimum']} to {field['maximum']}"
    if field["type"] == "boolean":
        return "true or false"
    if field["type"] == "array":
        return f"at most {field['maxItems']}, each {_value(field['items'], schema)}"
    if "maxLength" in field:
        return f"text of {field.get('minLength', 0)} to {field['maxLength']} characters"
    return f"text like `{field['pattern']}`" if "pattern" in field else "text"
