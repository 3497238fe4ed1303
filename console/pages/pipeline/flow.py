"""What the services say of their parts of the pipeline, as one picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.asking import Answer

#: An event's way, and which topic each service reads of it.
WAY = {
    "ingest": "engagement.raw.v1",
    "scoring": "engagement.events.v1",
    "recognition": "points.awarded.v1",
    "rewards": "points.awarded.v1",
    "analytics": "engagement.events.v1",
}
#: What waits in it is meant to: it gives way to what comes live.
GIVES_WAY = "engagement.backfill.v1"
#: 99 of 100 events are to be through within this, from receipt to ledger.
OBJECTIVE_SECONDS = 5.0
#: What waits longer than this is told in the page's heading.
LATE_SECONDS = 10.0


@dataclass(frozen=True)
class Part:
    """A service in the picture. `tone` is good, warn or bad; `why` says in a word what is the matter."""

    service: str
    answer: Answer
    per_second: float
    lag: int
    oldest_seconds: float
    outbox: int
    dead_count: int
    fenced: str | None
    #: Records of the past that wait for their turn, which are in no other figure.
    backfill_lag: int
    topics: Sequence[Mapping[str, Any]]
    recent: Sequence[float]

    @property
    def is_silent(self) -> bool:
        """Whether it answers, and no worker of it has said anything lately."""
        return self.answer.ok and not self.answer.body["workers"]

    @property
    def state(self) -> str:
        """What is the matter, the worst first."""
        if not self.answer.ok:
            return "forbidden" if self.answer.is_forbidden else "down"
        if self.is_silent:
            return "silent"
        if self.fenced:
            return "fenced"
        if self.oldest_seconds > LATE_SECONDS:
            return "late"
        return "dead" if self.dead_count else "flowing"


@dataclass(frozen=True)
class Pipeline:
    """All parts, and the figures that the page begins with; None where nobody says it."""

    parts: Sequence[Part]
    events_per_second: float | None
    recent: Sequence[float]
    award_p99: float | None
    ledger_p99: float | None
    oldest_seconds: float
    lag: int
    outbox: int
    dead_count: int
    backfill_lag: int
    ages: Sequence[Mapping[str, Any]]

    def of_state(self, state: str) -> list[Part]:
        """The parts with which that is the matter."""
        return [part for part in self.parts if part.state == state]


def pipeline_of(answers: Mapping[str, Answer]) -> Pipeline:
    """The picture, of what each service answered to GET /v1/pipeline."""
    parts = [part_of(service, answers[service]) for service in WAY]
    by_service = {part.service: part for part in parts}
    ages = [age for part in parts if part.answer.ok for age in part.answer.body["ages"]]
    by_stage = {age["stage"]: age for age in ages}
    ingest = by_service["ingest"]
    return Pipeline(
        parts=parts,
        events_per_second=ingest.per_second if ingest.answer.ok else None,
        recent=ingest.recent,
        award_p99=by_stage.get("award", {}).get("p99_seconds"),
        ledger_p99=by_stage.get("ledger", {}).get("p99_seconds"),
        oldest_seconds=max((part.oldest_seconds for part in parts), default=0.0),
        lag=sum(part.lag for part in parts),
        outbox=sum(part.outbox for part in parts),
        dead_count=sum(part.dead_count for part in parts),
        backfill_lag=sum(part.backfill_lag for part in parts),
        ages=ages,
    )


def part_of(service: str, answer: Answer) -> Part:
    """One service, of what it answered."""
    said = answer.body if answer.ok else {}
    topics = said.get("topics", [])
    live = [topic for topic in topics if topic["topic"] != GIVES_WAY]
    way = [topic for topic in topics if topic["topic"] == WAY[service]]
    return Part(
        service=service,
        answer=answer,
        per_second=sum(topic["per_second"] for topic in way),
        lag=sum(topic["lag"] for topic in live),
        oldest_seconds=max((topic["oldest_seconds"] for topic in live), default=0.0),
        outbox=said.get("outbox_pending", 0),
        dead_count=said.get("dead_letters", {}).get("count", 0),
        fenced=said.get("fenced"),
        backfill_lag=sum(topic["lag"] for topic in topics if topic["topic"] == GIVES_WAY),
        topics=topics,
        recent=said.get("recent", []),
    )
