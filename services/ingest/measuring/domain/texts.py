"""Texts as they are kept, and what becomes of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from shared.contracts.measures import Measures


class Sealed(NamedTuple):
    """Bytes that only the key of that id opens."""

    key_id: str
    sealed: bytes


class KeptText(NamedTuple):
    """What was written in an event: sealed, with what was measured of it, None where it
    is an address alone; `member_id` is who wrote it, if known."""

    community: str
    event_uid: str
    member_id: str | None
    event_type: str
    received_at: datetime
    content: Sealed
    measures: Measures | None


class Written(NamedTuple):
    """What was written in an event, opened: the fields of its data that do not travel, by their names.

    `extensions` are the attributes that its platform put beside those of CloudEvents.
    """

    text: KeptText
    fields: Mapping[str, str]
    extensions: Mapping[str, str | float]


class TextsState(NamedTuple):
    """How many texts of a community are kept, how many another model measured, and since when that is changed."""

    kept_count: int
    outdated_count: int
    started_at: datetime | None


class UnknownTextError(Exception):
    """No text of that event is kept: there was none, its retention is over, or its key is gone."""

    def __init__(self, event_uid: str) -> None:
        super().__init__(f"no text of event {event_uid} is kept")
