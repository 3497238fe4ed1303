"""What a service reads."""

import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic

from pydantic import TypeAdapter

from shared.consumer.giving_way import GivesWay
from shared.postgres import Connection
from shared.settings import ServiceSettings
from shared.topics import Topic
from shared.transaction import InvalidMessageError, SettingsT_co, Transaction

log = logging.getLogger(__name__)

Handler = Callable[[Transaction[Any], list[Any]], Awaitable[None]]


@dataclass(frozen=True)
class Preparation(Generic[SettingsT_co]):
    """What there is before a batch's transaction: connections that are lent, and the settings."""

    lend: Callable[[], AbstractAsyncContextManager[Connection]]
    settings: SettingsT_co


Prepare = Callable[[Preparation[Any], list[Any]], Awaitable[None]]
#: Chooses those of a batch's records that are taken now.
Choose = Callable[[Preparation[Any], Sequence[Any]], Awaitable[Sequence[Any]]]


@dataclass(frozen=True)
class Lanes:
    """Topics that a service reads by the beginning of their names, also those that are made while it runs.

    Others write them, whatever they like: the handler gets the records as they are, and says itself what is wrong
    with one. It must not raise InvalidMessageError: no other's mistake may bring the service near its limit.

    `choose` says which of a batch's records are taken now, of each partition the first ones; the rest stays in its
    topic and is read again for the next batch. While a topic `is_closed` it is not read, however much waits in it.
    """

    prefix: str
    handler: Handler
    choose: Choose
    is_closed: Callable[[str], bool] = lambda topic: False


@dataclass(frozen=True)
class Subscription:
    """A topic that a service reads: how its messages are decoded and which handler takes them.

    `prepare` is given the same list as the handler, before the transaction begins: for what takes long and needs
    no lock. It may be done again for the same messages. With `gives_way`, which says how by the service's
    settings, the topic is read while nothing waits in the others.
    """

    topic: Topic
    adapter: TypeAdapter[Any]
    handler: Handler
    prepare: Prepare | None = None
    gives_way: Callable[[Any], GivesWay] | None = None

    def decoder(self, settings: ServiceSettings) -> Callable[[bytes], Any]:
        """What turns a record's value into a message, and checks the signature first where the topic is signed.

        It raises SignatureError for a signature that is missing or wrong, and ValueError for what is no message.
        """
        decode: Callable[[bytes], Any] = self.adapter.validate_json
        verifier = settings.verifier(self.topic.producers[0]) if self.topic.signed else None
        if verifier is None:
            if self.topic.signed:
                log.warning("%s is read unverified: whoever writes to it has authority here", self.topic.name)
            return decode

        def check_and_decode(value: bytes) -> Any:
            verifier.check(value)
            return decode(value)

        return check_and_decode


def topics_and_lanes(topics: Collection[str], lanes: Lanes | None) -> dict[str, Any]:
    """What the Kafka client subscribes to: a list of topics, or a pattern of their names and those of lanes."""
    if lanes is None:
        return {"topics": list(topics)}
    names = "|".join(re.escape(topic) for topic in topics)
    return {"pattern": rf"^(?:(?:{names})$|{re.escape(lanes.prefix)})"}


async def handle(
    tx: Transaction[Any],
    messages: Mapping[str, list[Any]],
    *,
    subscriptions: Mapping[str, Subscription],
    lanes: Lanes | None,
) -> None:
    """Give a batch's messages, by topic, to the handlers: in the order of the subscriptions, those of lanes last.

    Raises InvalidMessageError, which names the topic, when a handler refuses one.
    """
    for topic, subscription in subscriptions.items():
        if topic in messages:
            tx.consumes(topic)
            try:
                await subscription.handler(tx, messages[topic])
            except InvalidMessageError as invalid:
                invalid.topic = topic
                raise
    if lanes is not None:
        of_lanes = [messages[topic] for topic in messages.keys() - subscriptions.keys()]
        if of_lanes:
            await lanes.handler(tx, list(chain.from_iterable(of_lanes)))
