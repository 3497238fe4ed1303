"""What is known of communities: looked up anew once it is of long ago, and kept while nobody answers."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from services.ingest.settings import Settings
from services.ingest.shares.handlers import Believed, KnownOfCommunities


class Database:
    """Answers how often it was asked, or not at all."""

    def __init__(self) -> None:
        self.asked, self.is_away = 0, False

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Any]:
        if self.is_away:
            raise ConnectionRefusedError
        yield None

    async def look_up(self, conn: Any, *, communities: Collection[str], now: datetime) -> dict[str, int]:
        _ = conn, now
        self.asked += 1
        return dict.fromkeys(communities, self.asked)


@pytest.mark.parametrize(("seconds", "second"), [(0.0, 2), (3_600.0, 1)])
async def test_what_is_of_long_ago_is_looked_up_before_it_is_believed(seconds: float, second: int) -> None:
    database, settings = Database(), Settings()
    known = KnownOfCommunities(lambda _: Believed(database.look_up, seconds))
    assert await known.of(database.lend, community="acme", settings=settings) == 1
    assert await known.of(database.lend, community="acme", settings=settings) == second
    # While nobody answers, what was known counts.
    database.is_away = True
    assert await known.of(database.lend, community="acme", settings=settings) == second
