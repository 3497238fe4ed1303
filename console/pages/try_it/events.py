"""Events as the form and the JSON field make them."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

SOURCE = "/try-it"
JSON_MAX_CHARS = 64 * 1024
ID_MAX_CHARS = 200
LENGTH_MAX = 1_000_000
LATELY_MAX_COUNT = 500


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: The types of the form: what happened, on which channel, whether it has a length and somebody else in it.
TYPES = {
    "forum.reply.v1": (_("Somebody answered on the forum"), "forum", True, "in_reply_to"),
    "forum.post.v1": (_("Somebody began a topic"), "forum", True, None),
    "chat.message.v1": (_("Somebody wrote in the chat"), "chat", True, None),
    "kudos.given.v1": (_("Somebody thanked somebody"), "chat", False, "object"),
    "in_person.check_in.v1": (_("Somebody came to a meet-up"), "in_person", False, None),
}


class InvalidFormError(Exception):
    """What was typed makes no event; `errors` says why, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(str(dict(errors)))
        self.errors = dict(errors)


@dataclass
class Lately:
    """The events that were sent from this process lately, by receipt, for the form to show again."""

    _sent: OrderedDict[tuple[str, str], bytes] = field(default_factory=OrderedDict)

    def keep(self, person_id: str, receipt_id: str, event: bytes) -> None:
        """Keep what somebody sent."""
        self._sent[person_id, receipt_id] = event
        while len(self._sent) > LATELY_MAX_COUNT:
            self._sent.popitem(last=False)

    def of(self, person_id: str, receipt_id: str) -> bytes | None:
        """What they sent under that receipt."""
        return self._sent.get((person_id, receipt_id))


def from_form(form: Mapping[str, str]) -> dict[str, Any]:
    """The event of a filled-in form, new and of now. Raises InvalidFormError."""
    errors: dict[str, str] = {}
    type_ = form.get("type", "")
    if type_ not in TYPES:
        errors["type"] = _("Choose what happened")
    actor, other, length = (form.get(name, "").strip() for name in ("actor", "other", "length"))
    if not actor or len(actor) > ID_MAX_CHARS:
        errors["actor"] = _("Say who did it, by an id of your platform")
    needs_length, other_place = TYPES[type_][2:] if type_ in TYPES else (False, None)
    if needs_length and not (length.isdecimal() and length.isascii() and int(length) <= LENGTH_MAX):
        errors["length"] = _("Enter a whole number of characters, such as 214")
    if other_place and not other:
        errors["other"] = _("Say who was answered or thanked, by an id of your platform")
    if errors:
        raise InvalidFormError(errors)
    return event_of(type_, actor=actor, length=int(length) if needs_length else None, other=other or None)


def event_of(type_: str, *, actor: str, length: int | None, other: str | None) -> dict[str, Any]:
    """An event of one of TYPES, new and of now."""
    _title, channel, _has_length, other_place = TYPES[type_]
    number = uuid4().hex[:12]
    data: dict[str, Any] = {"channel": channel, "actor": {"id": actor}}
    if length is not None:
        data["length_chars"] = length
    if other_place and other:
        data[other_place] = {"id": f"try-{number}-to", "author": {"id": other}}
    return {
        "specversion": "1.0",
        "id": f"try-{number}",
        "source": SOURCE,
        "type": type_,
        "time": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": data,
    }


def from_json(text: str) -> dict[str, Any]:
    """The event that was typed as JSON. Raises InvalidFormError."""
    if len(text) > JSON_MAX_CHARS:
        raise InvalidFormError({"event": _("An event may have 64 KiB")})
    try:
        event = orjson.loads(text)
        # What is nested too deeply is read and cannot be written again.
        orjson.dumps(event, option=orjson.OPT_INDENT_2)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise InvalidFormError({"event": f"{error}"}) from None
    if not isinstance(event, dict):
        raise InvalidFormError({"event": _("An event is one JSON object")})
    return event


def pretty(event: Mapping[str, Any]) -> str:
    """An event as people read it."""
    return orjson.dumps(event, option=orjson.OPT_INDENT_2).decode()


def as_curl(event: Mapping[str, Any]) -> str:
    """The command that sends the same from a shell."""
    quoted = pretty(event).replace("'", "'\\''")
    return (
        'curl -i "$(plaudit url ingest)/v1/events" \\\n  -H "Authorization: Bearer $PLAUDIT_KEY" \\\n'
        f"  -H \"Content-Type: application/cloudevents+json\" \\\n  -d '{quoted}'"
    )
