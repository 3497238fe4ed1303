"""How a handler or route asks what its service told: of the topics, which no one changes by the database alone."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from shared.topics import Topic


class ToldReader(Protocol):
    """Reads one key of a topic at a time."""

    def values(self, topic: Topic, key: bytes, *, since: datetime) -> AsyncGenerator[bytes]:
        """The records of a key that were published since a moment, oldest first, to where the topic ends now.

        Raises KafkaError when the broker is away.
        """


class Told(Protocol):
    """What a service's own topics hold."""

    async def look(self) -> str | None:
        """Compare own topics with the database, and close the fence where they hold what that does not know.

        Returns why, in words; None when all is known. Raises KafkaError or TimeoutError when the broker is away.
        """

    def reading(self) -> AbstractAsyncContextManager[ToldReader]:
        """What to read by; it connects when it is asked for something."""
