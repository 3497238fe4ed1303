"""GET /v1/own-facts: how a service's database stands to the topics that the service writes, after a restore."""

from datetime import datetime
from typing import Annotated, Self

from aiokafka.errors import KafkaError
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from shared.access_keys import INSTALLATION, Principal, Scope
from shared.http.auth import requires
from shared.http.connected import ConnectedService
from shared.http.problem_types import MISSING_ACCESS_KEY, MISSING_SCOPE, NOT_AVAILABLE, UNKNOWN_ACCESS_KEY
from shared.http.problems import NOT_AVAILABLE_NOW, problem_responses
from shared.own_facts.fence import Report

router = APIRouter(tags=["operations"])


class OwnPartition(BaseModel):
    """A partition of a topic that the service writes."""

    topic: str = Field(examples=["payouts.v1"])
    partition: int = Field(examples=[0])
    known_up_to: int | None = Field(
        examples=[1200], description="The offset; null when nothing was ever known of it"
    )
    end: int = Field(examples=[1260])
    unknown_count: int = Field(examples=[60], description="How many offsets lie between")
    why_not: str | None = Field(None, description="Why the topic does not hold what was forgotten")


class Waiting(BaseModel):
    """Facts of one type that are still to be taken in."""

    model_config = ConfigDict(from_attributes=True)

    topic: str = Field(examples=["payouts.v1"])
    kind: str = Field(examples=["payout.changed.v1"])
    count: int = Field(examples=[60])
    reason: str | None = Field(
        None,
        description="Why they cannot be taken in: somebody has to decide. Of other communities' facts only the "
        "installation is told",
    )


class NotRebuilt(BaseModel):
    """Something that no topic says."""

    model_config = ConfigDict(from_attributes=True)

    community: str = Field(examples=["acme"])
    subject: str = Field(examples=["payout run c7c688f6-5bea-5520-816f-6aa2dec34849"])
    reason: str = Field(examples=["bank details of its payouts are not known any more, or not as they were"])
    noted_at: datetime


class OwnFacts(BaseModel):
    """What differs between the service's database and its own topics."""

    fenced: bool = Field(description="Whether commands are refused and timers stand still")
    why: str | None = Field(None, examples=["it reads back facts of its own that its database does not know"])
    topics: list[OwnPartition] = Field(description="Every partition of its own topics; none for one without any")
    waiting: list[Waiting]
    not_rebuilt: list[NotRebuilt] = Field(
        description="The newest 100 of your community, or of all of them for the installation"
    )

    @classmethod
    def of(cls, report: Report) -> Self:
        """A report as it is answered."""
        return cls(
            fenced=report.why is not None,
            why=report.why,
            topics=[
                OwnPartition(
                    topic=one.partition.topic,
                    partition=one.partition.partition,
                    known_up_to=one.known,
                    end=one.end,
                    unknown_count=one.unknown_count,
                    why_not=one.why_not,
                )
                for one in report.standings
            ],
            waiting=[Waiting.model_validate(one) for one in report.waiting],
            not_rebuilt=[NotRebuilt.model_validate(one) for one in report.not_rebuilt],
        )


@router.get(
    "/v1/own-facts",
    summary="Does the database know what the service told?",
    responses=problem_responses(MISSING_ACCESS_KEY, UNKNOWN_ACCESS_KEY, MISSING_SCOPE, NOT_AVAILABLE, common=()),
)
async def get_own_facts(
    service: ConnectedService, principal: Annotated[Principal, requires(Scope.OPERATIONS_READ, or_bootstrap=True)]
) -> OwnFacts:
    """For operators and administrators, and for the bootstrap key: after a restore no other may be known.

    Each service answers for itself, with the bootstrap key that it was given.
    """
    if service.own_facts is None:
        raise NOT_AVAILABLE_NOW
    sees_all = principal.is_bootstrap or principal.community == INSTALLATION
    try:
        return OwnFacts.of(await service.own_facts(None if sees_all else principal.community))
    except KafkaError as error:
        raise NOT_AVAILABLE_NOW from error
