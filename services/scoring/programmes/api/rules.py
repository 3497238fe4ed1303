"""HTTP route of what gives points now: what a community may show to everybody of its programme."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, NamedTuple, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.scoring.programmes.domain.publication import succession
from services.scoring.programmes.store import versions
from shared.contracts.programme import SPENDABLE, Programme, Rule
from shared.contracts.programme.worth import To
from shared.http import (
    Conn,
    Page,
    Principal,
    Public,
    Scope,
    after,
    encode_cursor,
    problem_responses,
    requires,
)
from shared.http.problem_types import TOO_MANY_READS

#: Versions of a page: each is a whole programme to be read.
VERSIONS_MAX_COUNT = 20

router = APIRouter()


class PublicBeneficiary(BaseModel):
    """Somebody else who gets points from the same event."""

    to: To
    points: int = Field(examples=[2])


class PublicRule(BaseModel):
    """What gives points, without its conditions and limits, which tell how to get points for nothing."""

    rule_id: str = Field(examples=["helpful-answer"])
    title: str = Field(examples=["Helped somebody"])
    on: list[str] = Field(description="Types of events", examples=[["forum.answer_accepted.v1"]])
    points: int = Field(
        description="Where it says `up_to` the most that there can be; below 0 taken", examples=[15]
    )
    up_to: bool = Field(description="Whether what is given depends on the event")
    to: To = Field(description="Who gets them")
    split: bool = Field(False, description="Whether all of them share the points")
    also: list[PublicBeneficiary] = Field(description="Who else gets some from the same event")
    score: str = Field(description="The score that they count for; `points` can be spent", examples=["points"])
    goal: str | None = Field(description="The goal that it serves", examples=["answers"])
    goal_title: str | None = Field(description="That goal's title", examples=["Answers within a day"])
    campaign: str | None = Field(description="The campaign that it is of: then it gives on its days alone")

    @classmethod
    def of(cls, rule: Rule, goals: Mapping[str, str]) -> Self:
        """The rule as everybody may see it; `goals` are the titles of what its programme serves."""
        return cls(
            rule_id=rule.id,
            title=rule.title,
            on=list(rule.on),
            points=rule.points,
            up_to=rule.points_by is not None or rule.multipliers is not None or rule.diminishing is not None,
            to=rule.to,
            also=[PublicBeneficiary(to=one.to, points=one.points or rule.points) for one in rule.also or ()],
            split=rule.split is not None,
            score=rule.score or SPENDABLE,
            goal=rule.goal,
            goal_title=None if rule.goal is None else goals.get(rule.goal),
            campaign=rule.campaign,
        )


class PublicCampaign(BaseModel):
    """Rules that give something for a time; not what there is to spend, nor who is left out."""

    id: str = Field(examples=["spring"])
    title: str = Field(examples=["Spring of answers"])
    description: str | None = Field(examples=["Answers count twice"])
    starts: date = Field(description="Its first day, in the community's zone")
    ends: date = Field(description="Its last day")


class PublicAttribute(BaseModel):
    """Something that the programme keeps of each member, by its title and never with its values."""

    id: str = Field(examples=["tier"])
    title: str = Field(examples=["Tier"])
    for_rules: bool = Field(description="Whether rules may read it")


class PublicTitle(BaseModel):
    """What something of the programme is called."""

    id: str = Field(examples=["help"])
    title: str = Field(examples=["Help"])


class PublicRules(BaseModel):
    """The rules in force; a programme's limits bound the list."""

    programme_version: int = Field(description="0 while no programme is in force")
    title: str | None = Field(description="The programme's", examples=["Starter"])
    rules: list[PublicRule]
    attributes: list[PublicAttribute] = Field(description="What is known of members beside what they do")
    campaigns: list[PublicCampaign] = Field(description="Those that the programme says, whenever they are")
    scores: list[PublicTitle] = Field(
        default_factory=list, description="Those beside the points that can be spent"
    )
    audiences: list[PublicTitle] = Field(default_factory=list, description="Those that a badge asks for")


class PublicVersion(PublicRules):
    """A version of the rules that applies, or did."""

    since: datetime = Field(description="Events received from then on, until the version that follows")
    note: str | None = Field(
        description="What it changed, in the words of who published it",
        examples=["Answers give more, since that is what we lack"],
    )
    restores: int | None = Field(description="The earlier version that it says again", examples=[1])


class RulesPlace(NamedTuple):
    """Where a page of versions ended: the last one's number."""

    version: int


@router.get("/v1/rules/history", summary="What gave points until now", responses=problem_responses(TOO_MANY_READS))
async def get_rules_history(
    principal: Annotated[Principal, requires(Scope.PROGRAMMES_READ, public=Public.PROGRAMME)],
    conn: Conn,
    place: Annotated[RulesPlace | None, after(RulesPlace)],
    limit: Annotated[int, Query(ge=1, le=VERSIONS_MAX_COUNT)] = 10,
) -> Page[PublicVersion]:
    """The versions that applied to any event, newest first; what is to apply later is in none of them."""
    now = datetime.now(UTC)
    starts = succession(await versions.load_starts(conn, community=principal.community))
    applied = [start for start in reversed(starts) if start.effective_from <= now]
    if place is not None:
        applied = [start for start in applied if start.number < place.version]
    shown = applied[:limit]
    documents = await versions.load_documents(
        conn, community=principal.community, numbers=[start.number for start in shown]
    )
    notes = await versions.load_notes(
        conn, community=principal.community, numbers=[start.number for start in shown]
    )
    found = [
        PublicVersion(
            since=start.effective_from,
            note=notes[start.number].note,
            restores=notes[start.number].restores,
            **_rules(start.number, documents[start.number]),
        )
        for start in shown
        if start.number in documents
    ]
    return Page[PublicVersion](
        items=found, next=encode_cursor(RulesPlace(shown[-1].number)) if len(applied) > limit else None
    )


@router.get("/v1/rules", summary="What gives points now", responses=problem_responses(TOO_MANY_READS))
async def get_rules(
    principal: Annotated[Principal, requires(Scope.PROGRAMMES_READ, or_member=True, public=Public.PROGRAMME)],
    conn: Conn,
) -> PublicRules:
    """Of the version that applies to events received now."""
    starts = succession(await versions.load_starts(conn, community=principal.community))
    now = datetime.now(UTC)
    in_force = next((start.number for start in reversed(starts) if start.effective_from <= now), 0)
    documents = await versions.load_documents(conn, community=principal.community, numbers=[in_force])
    if in_force not in documents:
        return PublicRules(programme_version=0, title=None, rules=[], attributes=[], campaigns=[])
    return PublicRules(**_rules(in_force, documents[in_force]))


def _rules(number: int, document: Any) -> dict[str, Any]:
    programme = Programme.model_validate(document)
    goals = {goal.id: goal.title for goal in programme.goals or ()}
    asked = " ".join(f"{badge.when} {badge.measure}" for badge in programme.recognition.badges)
    return {
        "programme_version": number,
        "title": programme.title,
        "rules": [PublicRule.of(rule, goals) for rule in programme.rules],
        "campaigns": [
            PublicCampaign.model_validate(one, from_attributes=True) for one in programme.campaigns or ()
        ],
        "scores": [PublicTitle(id=one.id, title=one.title) for one in programme.scores or ()],
        # Whom else a programme tells apart is nobody's to see here.
        "audiences": [
            PublicTitle(id=one.id, title=one.title) for one in programme.audiences or () if f'"{one.id}"' in asked
        ],
        "attributes": [
            PublicAttribute(id=one.id, title=one.title, for_rules=one.for_rules) for one in programme.attributes
        ],
    }
