"""What the broker is asked of a service's own topics."""

from typing import Any

import pytest

from shared.own_facts.copying import partitions_of, reader
from shared.settings import ServiceSettings
from shared.topics import TOPICS

pytestmark = pytest.mark.stack


async def test_whoever_finds_partitions_knows_who_leads_them(stack: Any, line_settings: ServiceSettings) -> None:
    """So that offsets are asked for once: a client that does not know waits, topic by topic, and tries again."""
    consumer = reader(line_settings)
    await consumer.start()
    try:
        partitions = await partitions_of(consumer, [topic.name for topic in TOPICS])
        assert len({place.topic for place in partitions}) > 1
        assert all(consumer._client.cluster.leader_for_partition(place) is not None for place in partitions)
        assert (await consumer.end_offsets(partitions)).keys() == set(partitions)
    finally:
        await consumer.stop()
