"""What the door makes of each case of the connectors that come with Plaudit: what their files say of it."""

from datetime import UTC, datetime

import orjson
import pytest

from connectors.cases import deliveries_of
from connectors.engine import checked, map_delivery, settings_of
from connectors.shipped import connector, files
from services.ingest.connectors.domain.deliveries import Arrived
from services.ingest.connectors.domain.mapping import TRIED, Terms, map_read, read_arrived
from services.ingest.event_types.domain import NOTHING_DECLARED
from services.ingest.events.domain.admission import Limits

NOW = datetime(2031, 1, 1, tzinfo=UTC)
TERMS = Terms(Limits(1_000, 262_144, 86_400, 1990), NOTHING_DECLARED, 8 * 1024 * 1024)


@pytest.mark.parametrize("name", sorted(files()))
def test_the_door_takes_what_a_connector_makes(name):
    found = connector(name)
    compared = 0
    for case in found.document.cases:
        if case.outcome == "invalid":
            continue  # what its platform sends wrongly may be no JSON at all
        settings = settings_of(found, case.settings)
        for delivery in deliveries_of(found, case):
            said = checked(map_delivery(found, delivery, settings))
            arrived = Arrived(delivery.headers, orjson.dumps(delivery.body))
            at = delivery.received
            read = read_arrived(found, arrived, case.settings, at)
            made = map_read(found, arrived, read, settings=case.settings, received=at, now=NOW, terms=TERMS)
            assert made.state == said.state or made.reason == TRIED, (case.case, made.reason)
            compared += 1
    assert compared or not found.document.cases
