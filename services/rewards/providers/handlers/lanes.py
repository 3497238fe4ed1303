"""Lanes: what is due at providers is claimed, and each claim carried in a task of its own.

Of each account only some are under way at once: whose provider hangs holds up nobody else.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from services.rewards.providers.domain.contract import ProviderName
from services.rewards.providers.handlers.accounts import caller_of
from services.rewards.providers.handlers.calls import Caller
from services.rewards.providers.store.orders import AccountKey
from services.rewards.settings import Settings
from shared.service.spec import Begin
from shared.transaction import Transaction

#: While calls are under way it is looked so often whether others are due.
LOOK_SECONDS: Final = 0.5

ClaimT = TypeVar("ClaimT")


class Room(NamedTuple):
    """What may be claimed: so many, `of_each` account at most, and nothing of those that are busy."""

    busy: Sequence[AccountKey]
    of_each: int
    limit: int


class Callers:
    """A caller for each provider that is asked, made once."""

    def __init__(self) -> None:
        self._callers: dict[ProviderName, Caller] = {}

    def of(self, provider: ProviderName, settings: Settings) -> Caller:
        """The provider's caller. Raises NoSuchProviderError."""
        caller = self._callers.get(provider)
        if caller is None:
            caller = self._callers[provider] = caller_of(provider, settings)
        return caller

    async def close(self) -> None:
        """Close all connections."""
        for caller in self._callers.values():
            await caller.close()


async def work_at_lanes(
    begin: Begin,
    until: float,
    *,
    claim_due: Callable[[Transaction[Settings], Room], Awaitable[Sequence[ClaimT | None]]],
    account_of: Callable[[ClaimT], AccountKey],
    carry: Callable[[ClaimT, Callers], Awaitable[None]],
) -> None:
    """Work at what is due until a moment of the monotonic clock; calls under way then are waited for.

    What `claim_due` claims is committed before `carry` asks about it. Where this ends by an error, what is under
    way is left to the next.
    """
    tasks: dict[asyncio.Task[None], AccountKey] = {}
    callers = Callers()

    async def claimed() -> list[ClaimT]:
        under_way = Counter(tasks.values())
        async with begin() as tx:
            settings: Settings = tx.settings
            of_each = settings.provider_account_calls_max_count
            busy = [account for account, count in under_way.items() if count >= of_each]
            room = Room(busy, of_each, max(0, settings.provider_calls_max_count - len(tasks)))
            claims = await claim_due(tx, room)
        return [one for one in claims if one is not None]

    async def carried(claim: ClaimT) -> None:
        await carry(claim, callers)

    has_looked = False
    try:
        while True:
            # What is due is looked for once, however late this begins.
            for claim in await claimed() if not has_looked or time.monotonic() < until else ():
                tasks[asyncio.create_task(carried(claim))] = account_of(claim)
            has_looked = True
            if not tasks:
                return
            done, _ = await asyncio.wait(tasks, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                del tasks[task]
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await callers.close()
