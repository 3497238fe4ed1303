"""What a service reads."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from shared.topics import Topic
from shared.transaction import Transaction

Handler = Callable[[Transaction[Any], list[Any]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """A topic that a service reads: how its messages are decoded and which handler takes them."""

    topic: Topic
    adapter: TypeAdapter[Any]
    handler: Handler
