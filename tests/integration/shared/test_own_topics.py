"""What the broker is asked of a service's own topics."""

import asyncio
from typing import Any

import pytest

from shared.own_facts.copying import partitions_of, reader
from shared.settings import ServiceSettings
from shared.topics import TOPICS

pytestmark = pytest.mark.stack


async def test_offsets_of_topics_that_a_client_has_not_met_are_asked_for_at_once(
    stack: Any, line_settings: ServiceSettings
) -> None:
    """The client alone learns of one topic, pauses and tries again, one topic after the other."""
    consumer = reader(line_settings)
    await consumer.start()
    try:
        partitions = await partitions_of(consumer, [topic.name for topic in TOPICS])
        topics = {place.topic for place in partitions}
        assert len(topics) > 10
        async with asyncio.timeout(len(topics) * consumer._client._retry_backoff / 2):
            ends = await consumer.end_offsets(partitions)
        assert ends.keys() == set(partitions)
    finally:
        await consumer.stop()
