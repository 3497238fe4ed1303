"""A transaction whose messages are told nobody."""

from datetime import UTC, datetime
from typing import Any, cast

from shared.settings import ServiceSettings
from shared.topics import AUDIT, MESSAGES
from shared.transaction import Transaction


async def test_what_is_forgotten_is_counted_by_topic_and_never_stored() -> None:
    tx = Transaction(
        cast(Any, None), datetime(2026, 1, 31, tzinfo=UTC), service="analytics", settings=ServiceSettings()
    )
    for topic in (AUDIT, MESSAGES, AUDIT):
        tx.publish(topic, b"c|m", {"id": "1"})

    assert tx.forget_told() == {AUDIT.name: 2, MESSAGES.name: 1}
    assert tx.forget_told() == {}
    assert await tx.store_outbox() == 0  # there is no database to store into
