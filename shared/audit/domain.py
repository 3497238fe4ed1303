"""An entry of the audit: who did what, to what, from what, to what. Small, and without secrets."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.contracts.facts.audit import NOTED_LIST_MAX_COUNT, NOTED_MAX_COUNT, NOTED_TEXT_MAX_CHARS

#: What a field's name says that it holds is left out, whatever stands in it.
_SECRET_FIELDS = re.compile(r"secret|password|token|^key$|e_?mail|_key$")
MASKED = "…"
_IBAN = re.compile(r"\b([A-Z]{2})[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_ACCESS_KEY = re.compile(r"plk_[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who commands: a person, for a community, by a credential. `person_id` is None for the bootstrap key."""

    community: str
    person_id: str | None
    credential: str


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command as its request came: the operation, who asked (None: nobody has said yet), and the trace."""

    operation: str
    actor: Actor | None
    traceparent: str


@dataclass(frozen=True, slots=True)
class Did:
    """What a command did, as its handler says it: `command` is `object.verb`, before and after are small.

    `community` is whose it is where that is not the caller's own, and `also_in` are others that it touches.
    `actor` is who did it where the request itself does not say.
    """

    command: str
    kind: str
    id: str
    member_id: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    community: str | None = None
    actor: Actor | None = None
    also_in: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as it is kept and told."""

    audit_id: str
    at: datetime
    community: str
    command: str
    actor: Actor
    kind: str
    id: str
    member_id: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    traceparent: str


class NobodyDidItError(Exception):
    """A command is to be recorded of which nobody knows who gave it."""


def command_entry(commanded: Commanded, did: Did | None, *, audit_id: str, at: datetime) -> Entry:
    """The entry of a command; of one whose handler said nothing it has the operation alone.

    Raises NobodyDidItError when neither the request nor the handler says who.
    """
    actor = (did.actor if did else None) or commanded.actor
    if actor is None:
        raise NobodyDidItError(commanded.operation)
    if did is None:
        did = Did(commanded.operation, "operation", commanded.operation)
    return Entry(
        audit_id=audit_id,
        at=at,
        community=did.community or actor.community,
        command=did.command,
        actor=actor,
        kind=did.kind,
        id=did.id,
        member_id=did.member_id,
        before=None if did.before is None else noted(did.before),
        after=None if did.after is None else noted(did.after),
        traceparent=commanded.traceparent,
    )


def entries_of(entry: Entry, did: Did | None, *, new_id: Callable[[], str]) -> list[Entry]:
    """The entry, and the same with an id of its own for each other community that the command touches."""
    others = sorted(set(did.also_in if did else ()) - {entry.community})
    return [entry, *(replace(entry, audit_id=new_id(), community=other) for other in others)]


def noted(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as an entry has them: a few, short, in plain types, with secrets and bank details masked.

    Of more fields than an entry holds `more_fields` says how many were left out.
    """
    kept = {name: _value(name, value) for name, value in list(fields.items())[: NOTED_MAX_COUNT - 1]}
    left_out = len(fields) - len(kept)
    return kept | ({"more_fields": left_out} if left_out else {})


def _value(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if _SECRET_FIELDS.search(name):
        return MASKED
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        values = [_text(item) for item in value]
        if len(values) <= NOTED_LIST_MAX_COUNT:
            return values
        kept = values[: NOTED_LIST_MAX_COUNT - 1]
        return [*kept, f"… and {len(values) - len(kept)} more"]
    return _text(value)


def _text(value: Any) -> str:
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    text = _ACCESS_KEY.sub(f"plk_{MASKED}", text.replace("\x00", ""))
    text = _IBAN.sub(lambda found: masked_iban(found[0]), text)
    return text if len(text) <= NOTED_TEXT_MAX_CHARS else text[: NOTED_TEXT_MAX_CHARS - 1] + MASKED


def masked_iban(iban: str) -> str:
    """The country and the last four characters of an IBAN."""
    return f"{iban[:2]}{MASKED}{iban.replace(' ', '')[-4:]}"
