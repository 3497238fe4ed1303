"""The client's connection as it is on uvloop, and the partitions of keys."""

import asyncio
from typing import Any

import aiokafka.conn
import pytest
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.coordination import FindCoordinatorRequest
from hypothesis import given
from hypothesis import strategies as st

from shared.kafka import is_transient, partition_of
from shared.kafka.client_fixes import Connection


class ClosedWriter:
    """What asyncio's streams do on uvloop once the transport is closed."""

    def write(self, _: bytes) -> None:
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")

    def close(self) -> None:
        pass


async def test_a_closed_transport_is_a_lost_connection() -> None:
    closed: list[Any] = []
    connection: Any = Connection("127.0.0.1", 9, on_close=lambda _, reason: closed.append(reason))
    connection._reader, connection._writer = object(), ClosedWriter()
    connection._read_task = asyncio.get_running_loop().create_future()
    connection._versions = {FindCoordinatorRequest.API_KEY: (0, 2)}
    with pytest.raises(KafkaConnectionError) as raised:
        connection.send(FindCoordinatorRequest("group", 0))
    assert is_transient(raised.value)
    assert closed == [aiokafka.conn.CloseReason.CONNECTION_BROKEN]


def test_the_client_makes_such_connections() -> None:
    assert aiokafka.conn.AIOKafkaConnection is Connection


@given(st.binary(), st.integers(1, 50))
def test_a_key_has_one_partition_of_those_there_are(key: bytes, count: int) -> None:
    partitions = list(range(count))
    assert partition_of(key, partitions) in partitions
    assert partition_of(key, partitions) == partition_of(bytes(key), partitions)
