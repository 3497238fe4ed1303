"""Events of types that the community's programme declares, from a form of their fields."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from console.pages.try_it.events import ID_MAX_CHARS, SOURCE, InvalidFormError


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: Before a field's name, so that none is taken for another part of the form.
PREFIX = "field-"


def from_declared(kind: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The event of a filled-in form of a declared type, new and of now; its bounds ingest looks at.

    Raises InvalidFormError.
    """
    errors: dict[str, str] = {}
    actor = form.get("actor", "").strip()
    if not actor or len(actor) > ID_MAX_CHARS:
        errors["actor"] = _("Say who did it, by an id of your platform")
    data: dict[str, Any] = {"channel": kind["channel"], "actor": {"id": actor}}
    for field in kind["fields"]:
        said = form.get(PREFIX + field["name"], "").strip()
        if said:
            try:
                data[field["name"]] = _value(field["type"], said)
            except ValueError:
                errors[PREFIX + field["name"]] = _("Enter a number")
        elif field["required"]:
            errors[PREFIX + field["name"]] = _("The programme says that it is needed")
    if errors:
        raise InvalidFormError(errors)
    return {
        "specversion": "1.0",
        "id": f"try-{uuid4().hex[:12]}",
        "source": SOURCE,
        "type": kind["type"],
        "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": data,
    }


def example_of(kind: Mapping[str, Any], actor: str) -> dict[str, Any]:
    """An event of a declared type with what it needs, as somebody would send it from a shell."""
    form = {PREFIX + field["name"]: _example(field) for field in kind["fields"] if field["required"]}
    return from_declared(kind, {"actor": actor, **form})


def _example(field: Mapping[str, Any]) -> str:
    match field["type"]:
        case "integer" | "number":
            least, most = field["min"], field["max"]
            number = least if least is not None else min(0, most) if most is not None else 0
            return str(int(number) if field["type"] == "integer" else float(number))
        case "boolean":
            return "true"
        case "choice":
            return str(field["values"][0])
    return str(field["title"])[: field["max_chars"]]


def _value(kind: str, said: str) -> Any:
    match kind:
        case "integer":
            number = int(said)
            if abs(number) >= 2**63:
                raise ValueError("more than an event may say")
            return number
        case "number":
            return float(said)
        case "boolean":
            return said == "true"
    return said
