"""Webhook bodies as a code forge sends them, as its connector says: connectors/github.yaml."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.engine import Delivery, State, checked, map_delivery
from connectors.people import host_of
from connectors.shipped import connector
from plaudit.importers.records import Bad, Mapped, Record, Skipped, Unsupported

Body = Mapping[str, Any]

MAIN_HOST = "github.com"


@dataclass(frozen=True)
class Origin:
    """Where bodies come from: the forge's host, and the salt that goes before an address that is hashed."""

    host: str = MAIN_HOST
    salt: str = ""

    def of(self, body: Body) -> "Origin":
        """Where one body comes from, as its repository's address says."""
        repository = body.get("repository")
        said = repository if isinstance(repository, Mapping) else {}
        return Origin(host_of(said.get("html_url"), said.get("url")) or self.host, self.salt)


def map_body(event_name: str, body: Body, place: str, origin: Origin | None = None) -> Iterator[Record]:
    """The events of one webhook body, or why there are none. `event_name` is X-GitHub-Event's value."""
    origin = origin or Origin()
    headers = {"x-github-event": event_name, "x-github-enterprise-host": origin.host}
    # Nothing is told of when it was received: an import that is run again has to say the same.
    delivery = Delivery(headers, body, received=None)
    outcome = checked(map_delivery(connector("github"), delivery, {"salt": origin.salt}))
    yield from (Mapped(place, activity) for activity in outcome.activities)
    yield from (Bad(place, fault.detail) for fault in outcome.faults)
    if outcome.state is State.UNMAPPED:
        yield Unsupported(place, f"no activity is known for the webhook event {event_name!r}")
    elif outcome.notes:
        yield from (Skipped(place, note) for note in outcome.notes)
    elif outcome.state is State.NO_ENGAGEMENT:
        yield Skipped(place, str(outcome.reason))
