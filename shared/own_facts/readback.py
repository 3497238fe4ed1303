"""What a service does with facts of its own that its database has forgotten."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from shared.settings import ServiceSettings
from shared.topics import Topic
from shared.transaction import Transaction


class CannotTakeInError(Exception):
    """A fact does not fit what the database has: somebody has to decide. `index` is its place in the batch."""

    def __init__(self, reason: str, index: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.index = index


@dataclass(frozen=True)
class ReadBack:
    """One step of reading back: the topics and types of facts that it takes, and the handler that takes them in.

    Steps are done one after the other, each with all of its facts in the order in which they were told. The
    handler runs in a transaction, may be given what the database knows already, and tells nothing that the topics
    hold. A step `after_inputs` waits until the service has read its other topics as far as they went when it
    started; all steps before it are over then.
    """

    topics: tuple[Topic, ...]
    adapter: TypeAdapter[Any]
    handler: Callable[[Transaction[Any], list[Any]], Awaitable[None]]
    #: Types of facts, by their names; none for whatever the topics carry.
    kinds: tuple[str, ...] = ()
    after_inputs: bool = False
    most_at_once: int = 500

    def takes(self, topic: str, kind: str) -> bool:
        """Whether the step takes a fact of this type."""
        return topic in {known.name for known in self.topics} and (not self.kinds or kind in self.kinds)

    def decode(self, topic: str, value: bytes, settings: ServiceSettings) -> Any:
        """A record's value as a fact. Raises SignatureError for one that is not ours, ValueError for no fact."""
        (found,) = (known for known in self.topics if known.name == topic)
        verifier = settings.verifier(found.producers[0]) if found.signed else None
        if verifier is not None:
            verifier.check(value)
        return self.adapter.validate_json(value)


def topics_of(steps: Sequence[ReadBack]) -> dict[str, Topic]:
    """The topics of all steps, by name."""
    return {topic.name: topic for step in steps for topic in step.topics}
