"""The events of a commit that git tells."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connectors.commits import co_author_suffix, people_of
from connectors.people import Who
from plaudit.importers.records import Mapped, Record, Skipped, checked


def commit_events(
    place: str, event: Mapping[str, Any], author: Who | None, others: Iterable[Who | None]
) -> Iterator[Record]:
    """The event of a commit's author and one for each co-author: people alone, each once.

    `event` has everything but who it was. Raises nothing: what breaks the contract is a record of its own.
    """
    people = people_of(author, others)
    persons = [(who, is_co_author) for who, is_co_author in people.values() if not who.is_bot]
    if not persons:
        yield Skipped(place, "made by a bot" if people else "made by nobody who is known")
    for who, is_co_author in persons:
        data = event["data"] | {"actor": who.said}
        event_id = event["id"]
        if is_co_author:
            event_id += co_author_suffix(who)
            data["attributes"] = data.get("attributes", {}) | {"co_author": True}
        record = checked(place, dict(event) | {"id": event_id, "data": data})
        yield record
        if not isinstance(record, Mapped):
            return
