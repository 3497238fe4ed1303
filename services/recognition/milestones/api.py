"""HTTP routes of the milestones that there are, and how far a member is with each."""

from collections.abc import Sequence
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.celebrations.store import ledger, numbers
from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import RecognitionInForce
from services.recognition.totals import store as totals_store
from services.recognition.totals.api import MEMBER_NOT_ARRIVED
from shared.contracts.programme import Milestone
from shared.followed_members import find_name
from shared.http import Conn, MemberId, Principal, Problem, Public, Scope, problem_responses, requires
from shared.http.problem_types import TOO_MANY_READS, UNKNOWN_IDENTITY
from shared.merges import load_group

router = APIRouter(tags=["recognition"])


class MilestoneShown(BaseModel):
    """A milestone of the programme in force."""

    name: str = Field(examples=["answers"])
    title: str = Field(description="`{n}` stands for the number", examples=["{n} answers"])
    description: str
    rule: str | None = Field(description="The rule whose events are counted; null for points", examples=["reply"])
    since: str | None = Field(
        description="Of years: since `joined`, or the `first` event of the rule; null for numbers",
        examples=["joined"],
    )
    together: bool = Field(description="Whether the numbers are of all members of the community")
    at: list[int] | None = Field(description="Null: each year", examples=[[10, 100, 1000]])
    now: int | None = Field(description="Of the community's own: what all members have together", examples=[812])

    @classmethod
    def of(cls, one: Milestone, *, now: int | None) -> Self:
        """What is shown of a milestone, with what all have together."""
        return cls(
            name=one.id,
            title=one.title,
            description=one.description,
            rule=one.rule,
            since=one.since,
            together=one.together is not None,
            at=one.at,
            now=now,
        )


class Milestones(BaseModel):
    """The milestones of the programme version in force; a programme's limits bound the list."""

    programme_version: int = Field(description="0 while no programme is in force")
    milestones: list[MilestoneShown]


class OwnMilestone(BaseModel):
    """How far a member is with a milestone."""

    name: str = Field(examples=["answers"])
    title: str = Field(examples=["{n} answers"])
    number: int | None = Field(description="What the member has; null for years", examples=[87])
    next: int | None = Field(description="Which number comes next; null past the last", examples=[100])
    last: int | None = Field(description="The highest that was celebrated", examples=[10])


class OwnMilestones(BaseModel):
    """A member's milestones; the community's own are not among them."""

    member_id: UUID
    items: list[OwnMilestone]


@router.get(
    "/v1/milestones",
    summary="The milestones of the programme in force",
    responses=problem_responses(TOO_MANY_READS),
)
async def get_milestones(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_member=True, public=Public.CELEBRATIONS)],
    conn: Conn,
) -> Milestones:
    """Each with what it goes by; the community's own with how many all members have together."""
    community = principal.community
    in_force = await thresholds_store.find_recognition(conn, community=community) or RecognitionInForce()
    plan = (await counts_store.load_plans(conn, communities=[community])).get(community, NO_PLAN)
    joint = await numbers.load_joint(conn, community=community)
    now = {
        one.milestone.id: joint.get(counter, 0) for counter, ones in plan.joint_by_counter.items() for one in ones
    }
    return Milestones(
        programme_version=in_force.version,
        milestones=[MilestoneShown.of(one, now=now.get(one.id)) for one in in_force.recognition.milestones],
    )


@router.get(
    "/v1/members/{member_id}/milestones",
    summary="How far a member is with each milestone",
    responses=problem_responses(UNKNOWN_IDENTITY, MEMBER_NOT_ARRIVED),
)
async def get_own_milestones(
    principal: Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> OwnMilestones:
    """By the programme in force: what the member has, what comes next, and what was celebrated last."""
    community, member = principal.community, str(member_id)
    if await find_name(conn, community=community, member_id=member) is None:
        raise Problem(
            MEMBER_NOT_ARRIVED,
            f"Nothing of member {member_id} has arrived yet. A member's id is in GET /v1/members of ingest",
        )
    in_force = await thresholds_store.find_recognition(conn, community=community) or RecognitionInForce()
    own = [one for one in in_force.recognition.milestones if one.together is None]
    plan = (await counts_store.load_plans(conn, communities=[community])).get(community, NO_PLAN)
    total = await totals_store.find_member(conn, community=community, member_id=member)
    counted = await counts_store.find_member(conn, community=community, member_id=member)
    celebrated = await ledger.load_numbers(
        conn,
        community=community,
        names={one.id for one in own},
        member_ids=await load_group(conn, community=community, head_id=member),
    )
    last: dict[str, int] = {}
    for (_, name), number in celebrated.items():
        last[name] = max(number, last.get(name, 0))
    counts = {} if counted is None else counted.counts
    points = 0 if total is None else total.points
    return OwnMilestones(
        member_id=member_id,
        items=[
            _own(
                one,
                None
                if one.since is not None
                else points
                if one.rule is None
                else counts.get(plan.counter_by_rule.get(one.rule, ""), 0),
                last.get(one.id),
            )
            for one in own
        ],
    )


def _own(one: Milestone, number: int | None, last: int | None) -> OwnMilestone:
    return OwnMilestone(name=one.id, title=one.title, number=number, next=_next(one.at, number, last), last=last)


def _next(at: Sequence[int] | None, number: int | None, last: int | None) -> int | None:
    """The lowest number that is neither reached nor celebrated."""
    done = max(number or 0, last or 0)
    return done + 1 if at is None else next((one for one in at if one > done), None)
