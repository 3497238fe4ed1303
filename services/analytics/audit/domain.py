"""An entry of the audit as it is asked for, and how a table of them is written for spreadsheets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from shared.contracts.fields import Uuid


@dataclass(frozen=True, slots=True)
class Entry:
    """A command, or a read of personal data: who, when, what, of whom, from what, to what.

    `person_id` is None for the bootstrap key, `person_name` for whom this service has not heard of, `member_id`
    where no member is concerned or a list of them was read. The last three are a command's alone.
    """

    audit_id: str
    at: datetime
    community: str
    kind: str
    service: str
    command: str
    person_id: str | None
    person_name: str | None
    credential: str
    object_kind: str
    object_id: str
    member_id: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    traceparent: str | None

    @property
    def place(self) -> "EntryPlace":
        """Its place in the list, newest first."""
        return EntryPlace(self.at, self.audit_id)


class EntryPlace(NamedTuple):
    """Where a page of entries ended."""

    at: datetime
    audit_id: Uuid


class TooManyEntriesError(Exception):
    """A table was asked for that would be longer than one may be."""

    def __init__(self, max_count: int) -> None:
        super().__init__(f"more than {max_count} entries")
        self.max_count = max_count


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries of a community are wanted; None is any. `until` is the first moment that is not."""

    community: str
    kind: str | None = None
    service: str | None = None
    command: str | None = None
    person_id: str | None = None
    credential: str | None = None
    object_id: str | None = None
    member_id: str | None = None
    trace_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def of_member(self, member_id: str) -> "EntryFilter":
        """The same, of one member."""
        return replace(self, member_id=member_id)


HEADINGS: Final = (
    "audit_id",
    "at",
    "community",
    "kind",
    "service",
    "command",
    "person_id",
    "person_name",
    "credential",
    "object_kind",
    "object_id",
    "member_id",
    "before",
    "after",
    "traceparent",
)


def csv_row(entry: Entry) -> list[Any]:
    """The cells of an entry, in the order of HEADINGS."""
    return [getattr(entry, name) for name in HEADINGS]
