"""What a service reads."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic

from pydantic import TypeAdapter

from shared.postgres import Connection
from shared.topics import Topic
from shared.transaction import SettingsT_co, Transaction

Handler = Callable[[Transaction[Any], list[Any]], Awaitable[None]]


@dataclass(frozen=True)
class Preparation(Generic[SettingsT_co]):
    """What there is before a batch's transaction: connections that are lent, and the settings."""

    lend: Callable[[], AbstractAsyncContextManager[Connection]]
    settings: SettingsT_co


Prepare = Callable[[Preparation[Any], list[Any]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """A topic that a service reads: how its messages are decoded and which handler takes them.

    `prepare` is given the same list as the handler, before the transaction begins: for what takes long and needs
    no lock. It may be done again for the same messages.
    """

    topic: Topic
    adapter: TypeAdapter[Any]
    handler: Handler
    prepare: Prepare | None = None
