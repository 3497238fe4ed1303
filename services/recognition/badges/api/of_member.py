"""HTTP routes of one member's badges: those that they hold, and how far they are with the others."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.badges.api.models import BadgeHolders
from services.recognition.badges.domain.deciding import BadgeMember
from services.recognition.badges.handlers.deciding import criteria_in_force, load_values
from services.recognition.badges.store import by_hand as by_hand_store
from services.recognition.badges.store import shown as shown_store
from services.recognition.badges.store import standing as standing_store
from services.recognition.counts import store as counts_store
from services.recognition.counts.domain import NO_PLAN
from services.recognition.levels import store as levels_store
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import (
    Grant,
    RecognitionInForce,
    ThresholdKey,
    criterion_of,
    gives_points,
    reads_of,
)
from services.recognition.totals import store
from services.recognition.totals.api import MEMBER_NOT_ARRIVED
from services.recognition.totals.domain import Member
from shared.conditions.criteria import EARNED_POINTS, POINTS, Reads, Values
from shared.contracts.programme import Badge, Recognition
from shared.followed_members import find_name
from shared.http import Conn, MemberId, Principal, Problem, Scope, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.merges import load_group
from shared.postgres import Connection

router = APIRouter(tags=["recognition"])
Own = Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")]


class Granted(BaseModel):
    """A badge or level that stands, and what gave it: an award or the amendment of one, an event, or a person."""

    name: str = Field(examples=["first-answer"])
    title: str = Field(examples=["First answer"])
    tier: str | None = Field(description="The highest that stands of a badge in several levels", examples=["gold"])
    grant_id: UUID
    award_id: UUID | None = Field(
        description="The award or amendment that reached it; GET /v1/lineage/awards/{id} explains it. "
        "Null where an event, several things or a person did"
    )
    event_uid: UUID | None = Field(description="The counted event that reached it; null where something else did")
    event_time: datetime = Field(description="When the event behind it happened, or a new programme version began")
    edition: int | None = Field(description="Which number of a limited badge", examples=[7])
    met: dict[str, int] | None = Field(
        description="What the member had then of the things that the badge asks for",
        examples=[{"events(reply)": 12, "points": 300}],
    )
    by_hand: bool = Field(description="Whether somebody gave it")
    citation: str | None = Field(
        description="What they wrote; null where nobody did, or it is forgotten",
        examples=["Kept the booth open on both days"],
    )

    @classmethod
    def of(cls, grant: Grant, *, title: str, citation: str | None = None) -> "Granted":
        """What is shown of a grant."""
        return cls(
            name=grant.key.base_id,
            title=title,
            tier=grant.key.tier_id,
            grant_id=UUID(grant.grant_id),
            award_id=None if grant.award_id is None else UUID(grant.award_id),
            event_uid=None if grant.event_uid is None else UUID(grant.event_uid),
            event_time=grant.event_time,
            edition=grant.edition,
            met=None if grant.met is None else dict(grant.met),
            by_hand=grant.by_hand,
            citation=citation,
        )


class NextLevel(BaseModel):
    """The lowest level that is not reached yet."""

    name: str
    title: str
    points_missing: int = Field(examples=[80])


class MemberRecognition(BaseModel):
    """What a member has been recognised for."""

    member_id: UUID
    name: str | None
    points: int
    level: Granted | None = Field(description="The highest level that stands of those by points")
    next_level: NextLevel | None = Field(description="Null at the highest of those")
    trust_level: Granted | None = Field(
        description="The highest that stands of those by what they do: GET /v1/members/{member_id}/levels"
    )
    badges: list[Granted]


class Progress(BaseModel):
    """How far a member is with one thing that a badge asks for."""

    text: str = Field(description="As the programme says it", examples=['events("reply") >= 10'])
    value: int = Field(description="What the member has; of what is so or not, 1 or 0", examples=[7])
    target: int = Field(examples=[10])


class BadgeOfMember(BaseModel):
    """A badge of the programme, whether a member holds it, and how far they are with it or with its next tier."""

    badge: BadgeHolders
    held: Granted | None
    next_tier: str | None = Field(description="The lowest that they do not hold", examples=["gold"])
    parts: list[Progress] = Field(
        description="All must be reached; none for what people give, and what is held whole"
    )
    percent: int = Field(description="Of all that it asks for, rounded down", examples=[70])


class BadgesOfMember(BaseModel):
    """A member's badges, those that they hold first."""

    member_id: UUID
    items: list[BadgeOfMember]


@router.get(
    "/v1/members/{member_id}/recognition",
    summary="A member's badges, level and points to the next",
    responses=problem_responses(UNKNOWN_IDENTITY, MEMBER_NOT_ARRIVED),
)
async def get_member_recognition(principal: Own, conn: Conn, member_id: MemberId) -> MemberRecognition:
    """Standing badges and level, each with what gave it. Of a badge in several levels the highest."""
    return await recognition_of(conn, community=principal.community, member_id=member_id)


@router.get(
    "/v1/members/{member_id}/badges",
    summary="A member's badges, and how far they are with the others",
    responses=problem_responses(UNKNOWN_IDENTITY, MEMBER_NOT_ARRIVED),
)
async def get_member_badges(principal: Own, conn: Conn, member_id: MemberId) -> BadgesOfMember:
    """Of the programme in force. Secret ones are there for whoever holds them, or may read all of recognition."""
    community, member_text = principal.community, str(member_id)
    await _named(conn, community=community, member_id=member_id)
    in_force = await thresholds_store.find_recognition(conn, community=community) or RecognitionInForce()
    grants = await _standing(conn, community=community, member_id=member_text)
    citations = await _citations(conn, community=community, member_id=member_text)
    values = await _values(conn, community=community, member_id=member_text, recognition=in_force.recognition)
    holders = await thresholds_store.load_holders(conn, community=community)
    given = await by_hand_store.load_given(conn, community=community)
    pictures = await shown_store.pictured(conn, community=community)
    sees_all = Scope.RECOGNITION_READ in principal.scopes
    items = []
    for badge in in_force.recognition.badges:
        mine = _highest(badge, grants)
        if mine is None and badge.secret and not sees_all:
            continue
        next_tier, parts = _parts(badge, mine, values)
        items.append(
            BadgeOfMember(
                badge=BadgeHolders.of(
                    badge,
                    recognition=in_force.recognition,
                    holders=holders,
                    given=given.get(badge.id, 0),
                    picture=pictures.get(badge.id),
                ),
                held=None
                if mine is None
                else Granted.of(mine, title=_titles(badge)[mine.key], citation=citations.get(mine.grant_id)),
                next_tier=next_tier,
                parts=parts,
                percent=_percent(parts, is_held=mine is not None),
            )
        )
    return BadgesOfMember(
        member_id=member_id, items=sorted(items, key=lambda one: (one.held is None, -one.percent))
    )


async def recognition_of(conn: Connection, *, community: str, member_id: UUID) -> MemberRecognition:
    """What a member has been recognised for. Raises Problem 404 for one of whom nothing has arrived."""
    member_text = str(member_id)
    name = await _named(conn, community=community, member_id=member_id)
    member = await store.find_member(conn, community=community, member_id=member_text)
    member = member or Member(community, member_text)
    in_force = await thresholds_store.find_recognition(conn, community=community) or RecognitionInForce()
    grants = await _standing(conn, community=community, member_id=member_text)
    citations = await _citations(conn, community=community, member_id=member_text)
    titles: dict[ThresholdKey, str] = {}
    for badge in in_force.recognition.badges:
        titles |= _titles(badge)
    titles |= {ThresholdKey("level", level.id): level.title for level in in_force.recognition.levels}

    def shown(grant: Grant) -> Granted:
        return Granted.of(grant, title=titles.get(grant.key, grant.title), citation=citations.get(grant.grant_id))

    recognition = in_force.recognition
    reached = [
        grants[key] for level in recognition.points_levels if (key := ThresholdKey("level", level.id)) in grants
    ]
    trusted = [
        grants[key] for level in recognition.trust_levels if (key := ThresholdKey("level", level.id)) in grants
    ]
    heights = {key: place for place, key in enumerate(titles)}
    highest: dict[str, Grant] = {}
    for key, grant in sorted(grants.items(), key=lambda one: heights.get(one[0], -1)):
        if key.kind == "badge":
            highest[key.base_id] = grant
    return MemberRecognition(
        member_id=member_id,
        name=name,
        points=member.points,
        level=shown(reached[-1]) if reached else None,
        trust_level=shown(trusted[-1]) if trusted else None,
        next_level=_next_level(member, in_force.recognition),
        badges=[shown(grant) for grant in sorted(highest.values(), key=lambda one: (one.event_time, one.key))],
    )


async def held_by(conn: Connection, *, community: str, member_id: str) -> set[ThresholdKey]:
    """The badges that stand for a member."""
    return {key for key in await _standing(conn, community=community, member_id=member_id) if key.kind == "badge"}


async def _named(conn: Connection, *, community: str, member_id: UUID) -> str | None:
    named = await find_name(conn, community=community, member_id=str(member_id))
    if named is None and await store.find_member(conn, community=community, member_id=str(member_id)) is None:
        raise Problem(
            MEMBER_NOT_ARRIVED,
            f"No award and no name of member {member_id} has arrived yet. "
            "A member's id is in GET /v1/members of ingest",
        )
    return None if named is None else named.name


async def _standing(conn: Connection, *, community: str, member_id: str) -> dict[ThresholdKey, Grant]:
    """What stands for a person by totals, counts, criteria and by hand, without what somebody took; by its key."""
    key = (community, member_id)
    group = await load_group(conn, community=community, head_id=member_id)
    total = await store.find_member(conn, community=community, member_id=member_id)
    counted = await counts_store.find_member(conn, community=community, member_id=member_id)
    by_criteria = (await standing_store.load_members(conn, keys=[key])).get(key) or BadgeMember(*key)
    gifts = await by_hand_store.load_gifts(conn, community=community, member_ids=group)
    ids = [gift.grant_id for gift in gifts]
    by_deeds = (await levels_store.load_members(conn, keys=[key])).get(key)
    for standing in (total, counted, by_criteria, by_deeds):
        ids += [] if standing is None else [held.grant_id for held in standing.standing.values()]
    taken = await by_hand_store.load_withheld(conn, community=community, member_ids=group)
    withheld = set().union(*taken.values())
    grants = await thresholds_store.load_grants(conn, community=community, grant_ids=ids)
    return {
        grant.key: grant
        for grant in grants.values()
        if grant.by_hand or grant.key.kind != "badge" or grant.key.base_id not in withheld
    }


async def _citations(conn: Connection, *, community: str, member_id: str) -> dict[str, str | None]:
    group = await load_group(conn, community=community, head_id=member_id)
    gifts = await by_hand_store.load_gifts(conn, community=community, member_ids=group)
    return {gift.grant_id: gift.citation for gift in gifts}


def _titles(badge: Badge) -> dict[ThresholdKey, str]:
    """Of a badge and its tiers, lowest first."""
    whole = {ThresholdKey.of_badge(badge.id): badge.title}
    return whole | {ThresholdKey.of_badge(badge.id, tier_id): title for tier_id, title, _ in badge.steps}


def _highest(badge: Badge, grants: dict[ThresholdKey, Grant]) -> Grant | None:
    found = [grants[key] for key in _titles(badge) if key in grants]
    return found[-1] if found else None


async def _values(conn: Connection, *, community: str, member_id: str, recognition: Recognition) -> Values:
    """What the member has of all that badges ask for, be it one number or several."""
    criteria = await criteria_in_force(conn, community=community)
    plan = (await counts_store.load_plans(conn, communities=[community])).get(community, NO_PLAN)
    by_events = {badge.rule for badge in recognition.badges if badge.rule and badge.counted == "events"}
    reads = reads_of(recognition) | Reads(
        True, frozenset(by_events), frozenset({badge.rule for badge in recognition.badges if badge.rule})
    )
    group = await load_group(conn, community=community, head_id=member_id)
    found = await load_values(
        conn,
        community=community,
        criteria=criteria.reading(reads, plan.counter_by_rule),
        head_ids=[member_id],
        groups={member_id: group},
    )
    return found[member_id]


def _parts(badge: Badge, held: Grant | None, values: Values) -> tuple[str | None, list[Progress]]:
    """The tier that comes next, and how far the member is with it, or with the badge."""
    criterion = criterion_of(badge)
    if badge.by_hand:
        return None, []
    if badge.when is not None:
        if held is not None or criterion is None:
            return None, []
        context = values.context(criterion.reads)
        return None, [
            Progress(text=part.text, value=part.value(context), target=part.target or 1)
            for part in criterion.parts
        ]
    order = list(_titles(badge))
    done = -1 if held is None else order.index(held.key)
    missing = [step for step in badge.steps if order.index(ThresholdKey.of_badge(badge.id, step[0])) > done]
    if not missing:
        return None, []
    tier_id, _, target = missing[0]
    if badge.measure is not None:
        value = 0 if criterion is None else int(criterion.number(values.context(criterion.reads)))
        text = badge.measure
    elif badge.rule is None:
        is_earned = any(gives_points(badge.gives_of(one)) for one, _, _ in badge.steps)
        value, text = (values.earned_points, EARNED_POINTS) if is_earned else (values.points, POINTS)
    else:
        counted = values.events if badge.counted == "events" else values.awards
        value, text = (counted or {}).get(badge.rule, 0), f'{badge.counted}("{badge.rule}")'
    return tier_id, [Progress(text=f"{text} >= {target}", value=value, target=target)]


def _percent(parts: Iterable[Progress], *, is_held: bool) -> int:
    shares = [max(0, min(part.value, part.target)) * 100 // part.target for part in parts if part.target > 0]
    return sum(shares) // len(shares) if shares else 100 * is_held


def _next_level(member: Member, recognition: Recognition) -> NextLevel | None:
    missing = [
        level for level in recognition.points_levels if ThresholdKey("level", level.id) not in member.standing
    ]
    if not missing:
        return None
    lowest, *_ = missing
    have = member.earned_points if gives_points(lowest.gives) else member.points
    return NextLevel(name=lowest.id, title=lowest.title, points_missing=max(0, (lowest.points or 0) - have))
