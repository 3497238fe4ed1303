"""Connections that end: what the client says of them, and what is made of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from shared.postgres import TRANSIENT, begin, pool


class EndingConnection:
    """A connection whose server has said its last words: it refuses to commit, and closes some time later."""

    def __init__(self, looks_until_closed: int | None) -> None:
        self._looks_left = looks_until_closed

    def is_closed(self) -> bool:
        if self._looks_left is None:
            return False
        self._looks_left -= 1
        return self._looks_left < 0

    @asynccontextmanager
    async def transaction(self, **_: Any) -> AsyncIterator[None]:
        yield
        raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")


class PoolOfOne:
    def __init__(self, connection: EndingConnection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[EndingConnection]:
        yield self._connection


async def end_of_a_transaction(connection: EndingConnection) -> None:
    of_one: Any = PoolOfOne(connection)
    async with begin(of_one):
        pass


async def test_a_connection_that_is_about_to_close_is_lost() -> None:
    with pytest.raises(asyncpg.ConnectionDoesNotExistError) as raised:
        await end_of_a_transaction(EndingConnection(looks_until_closed=3))
    assert isinstance(raised.value, TRANSIENT)


async def test_what_the_client_says_of_a_living_connection_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "LAST_WORDS_SECONDS", 0.05)
    with pytest.raises(asyncpg.InternalClientError) as raised:
        await end_of_a_transaction(EndingConnection(looks_until_closed=None))
    assert not isinstance(raised.value, TRANSIENT)
