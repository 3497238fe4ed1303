"""A batch of records on its way through the consumer loop."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import TopicPartition
from pydantic import ValidationError

from shared.consumer.dead_letters import Rejection
from shared.signatures import SignatureError
from shared.transaction import InvalidMessageError

#: What is wrong with a message is said of so many of its fields.
FAULTS_SHOWN_COUNT = 3


@dataclass
class Batch:
    """Records, those of them that could be decoded with their messages, and those that are invalid.

    Records of one partition follow one another, in the order of their offsets. Tombstones of a compacted
    topic are records only.
    """

    records: list[Any] = field(default_factory=list)
    decoded: list[tuple[Any, Any]] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def decode(self, records: list[Any], validate: Mapping[str, Callable[[bytes], Any]]) -> None:
        """Append records; `validate` turns a value into a message, by topic, or raises ValueError.

        Records of topics that it does not have are their own messages: those of lanes, which their handler judges.
        """
        self.records += records
        for record in records:
            value = record.value
            if value is None:
                continue
            if record.topic not in validate:
                self.decoded.append((record, record))
                continue
            try:
                # These words are no numbers of JSON; pydantic takes them. One letter is found ten times as fast.
                if (b"N" in value and b"NaN" in value) or (b"I" in value and b"Infinity" in value):
                    orjson.loads(value)
                message = validate[record.topic](value)
            except SignatureError as error:
                self.rejections.append(Rejection(record, str(error), is_badly_signed=True))
            except ValidationError as error:
                self.rejections.append(Rejection(record, faults_of(error)))
            except ValueError as error:
                self.rejections.append(Rejection(record, str(error)))
            else:
                self.decoded.append((record, message))

    def only(self, wanted: Callable[[Any], bool]) -> "Batch":
        """The records that are wanted; once one of a partition is, all after it are."""
        return self if all(map(wanted, self._firsts())) else self._filter(wanted)

    def before(self, stops: Mapping[tuple[str, int], int]) -> "Batch":
        """What comes before the offset at which a partition, by topic and number, stops; all of the others."""
        return self._filter(
            lambda record: record.offset < stops.get((record.topic, record.partition), record.offset + 1)
        )

    def halves(self) -> tuple["Batch", "Batch"]:
        """The first half of the records and the rest."""
        middle = len(self.records) // 2
        first = {id(record) for record in self.records[:middle]}
        return (
            self._filter(lambda record: id(record) in first),
            self._filter(lambda record: id(record) not in first),
        )

    def culprit(self, invalid: InvalidMessageError) -> Any | None:
        """The record that a handler refused: named by its index, or the only one there is."""
        of_topic = [record for record, _ in self.decoded if invalid.topic in (None, record.topic)]
        if invalid.index is not None:
            return of_topic[invalid.index]
        return of_topic[0] if len(self.decoded) == 1 else None

    def only_one(self) -> Any | None:
        """The record that was decoded, if there is but one."""
        return self.decoded[0][0] if len(self.decoded) == 1 else None

    def reject(self, culprit: Any, reason: str) -> None:
        """Count a record that was decoded as invalid."""
        self.rejections.append(Rejection(culprit, reason))
        self.decoded = [(record, message) for record, message in self.decoded if record is not culprit]

    def _filter(self, wanted: Callable[[Any], bool]) -> "Batch":
        return Batch(
            [record for record in self.records if wanted(record)],
            [(record, message) for record, message in self.decoded if wanted(record)],
            [rejection for rejection in self.rejections if wanted(rejection.record)],
        )

    def _firsts(self) -> Iterator[Any]:
        last = None
        for record in self.records:
            if last is None or record.partition != last.partition or record.topic != last.topic:
                yield record
            last = record


def faults_of(error: ValidationError) -> str:
    """What is wrong with a message, field by field, and nothing of what it says: that may be somebody's name."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}".removeprefix(": ") for fault in faults]
    more = len(said) - FAULTS_SHOWN_COUNT
    return "; ".join(said[:FAULTS_SHOWN_COUNT]) + (f"; and {more} more" if more > 0 else "")


def first_left(records: Sequence[Any], taken: Sequence[Any]) -> dict[TopicPartition, int]:
    """The offset of the first record that was not taken, of each partition that has one."""
    of_taken = {id(record) for record in taken}
    found: dict[TopicPartition, int] = {}
    for record in records:
        if id(record) not in of_taken:
            found.setdefault(TopicPartition(record.topic, record.partition), record.offset)
    return found
