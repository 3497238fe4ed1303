"""What a consumer loop is told of rebalances."""

from collections.abc import Awaitable
from typing import Protocol

from aiokafka import ConsumerRebalanceListener, TopicPartition


class Owner(Protocol):
    """Whoever owns partitions: told when some come and go, and ended by what it cannot stand."""

    def on_assigned(self, partitions: list[TopicPartition]) -> Awaitable[None]: ...

    def on_revoked(self) -> Awaitable[None]: ...

    async def crash(self, reason: BaseException) -> None: ...


class Rebalances(ConsumerRebalanceListener):
    """Tells the loop what it owns. The client would only log what is raised here, and the loop stand still."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._or_crash(self._owner.on_revoked())

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._or_crash(self._owner.on_assigned(sorted(assigned)))

    async def _or_crash(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 -- whatever it is, it ends the process
            await self._owner.crash(error)
