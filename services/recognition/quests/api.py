"""HTTP routes of quests: which there are, how far a member is, joining and leaving."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.quests.domain import QuestMember, Team, ends_at
from services.recognition.quests.handlers import joining
from services.recognition.quests.handlers.deciding import find_member
from services.recognition.quests.handlers.joining import JoinWanted
from services.recognition.quests.handlers.party import Party, QuestsInForce, quests_in_force
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.api import GivesShown
from services.recognition.thresholds.domain import ThresholdKey
from services.recognition.totals.api import MEMBER_NOT_ARRIVED
from shared.contracts.fields import Name, Slug
from shared.contracts.programme import Quest
from shared.followed_members import find_name, load_names
from shared.http import (
    Conn,
    MemberId,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

UNKNOWN_QUEST = ProblemType("unknown-quest", 404, "The programme in force has no such quest")
UNKNOWN_TEAM = ProblemType("unknown-team", 404, "The quest has no team of that name")
QUEST_NOT_JOINED = ProblemType("quest-not-joined", 409, "The quest is not joined in that way")
QUEST_OVER = ProblemType("quest-over", 409, "The time of the quest is over")
QUEST_COMPLETED = ProblemType("quest-completed", 409, "The quest is completed")
TEAM_NAME_TAKEN = ProblemType("team-name-taken", 409, "Another team of the quest has that name")
TEAM_FULL = ProblemType("team-full", 409, "The team has no place left")
IN_TEAM = ProblemType("in-team", 409, "The member is in a team of the quest")

router = APIRouter(tags=["recognition"])
Looker = Annotated[Principal, requires(Scope.RECOGNITION_READ, or_member=True)]
Own = Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")]
Doer = Annotated[Principal, requires(Scope.RECOGNITION_WRITE, or_own=True)]


class QuestState(StrEnum):
    """How it is with a quest and a member."""

    TO_JOIN = "to_join"
    RUNNING = "running"
    COMPLETED = "completed"
    NOT_YET = "not_yet"
    OVER = "over"


class StepShown(BaseModel):
    """One thing to do in a quest."""

    id: str = Field(examples=["answer"])
    title: str = Field(examples=["Answer three questions"])
    rule: str = Field(description="The rule that says what counts", examples=["answer"])
    times: int = Field(examples=[3])


class QuestShown(BaseModel):
    """A quest of the programme in force."""

    id: str = Field(examples=["first-steps"])
    title: str = Field(examples=["First steps"])
    description: str
    in_order: bool = Field(description="Whether the steps are done one after the other")
    steps: list[StepShown]
    starts: date | None = Field(description="Its first day; null: it has begun")
    ends: date | None = Field(description="Its last day; null: it has none")
    within_days: int | None = Field(
        description="It is done in so many days from joining, to the same time of day by the community's clocks",
        examples=[14],
    )
    team_max_members: int | None = Field(description="It is done in teams of so many; null: alone", examples=[5])
    is_joined: bool = Field(description="Whether members join it first")
    gives: GivesShown | None
    holders: int = Field(description="How many completed it", examples=[12])

    @classmethod
    def of(cls, quest: Quest, *, holders: Mapping[ThresholdKey, int]) -> "QuestShown":
        """What is shown of a quest."""
        return cls(
            id=quest.id,
            title=quest.title,
            description=quest.description,
            in_order=quest.in_order,
            steps=[StepShown(**step.model_dump()) for step in quest.steps],
            starts=None if quest.starts is None else date.fromisoformat(quest.starts),
            ends=None if quest.ends is None else date.fromisoformat(quest.ends),
            within_days=quest.within_days,
            team_max_members=None if quest.team is None else quest.team.max_members,
            is_joined=quest.is_joined,
            gives=GivesShown.of(quest.gives),
            holders=holders.get(ThresholdKey("quest", quest.id), 0),
        )


class Quests(BaseModel):
    """The quests of the programme whose events are counted."""

    programme_version: int = Field(description="0 while no programme is in force")
    items: list[QuestShown]


class TeamMember(BaseModel):
    """Who is in a team."""

    member_id: UUID
    name: str | None = Field(examples=["Ada"])


class TeamShown(BaseModel):
    """A team of a quest."""

    team_id: UUID
    name: str = Field(examples=["The owls"])
    members: list[TeamMember] = Field(description="In the order in which they joined")


class QuestOfMember(BaseModel):
    """A quest, and how far a member is with it, or their team."""

    quest: QuestShown
    state: QuestState
    done: list[int] = Field(description="How often each step was done, in the steps' order", examples=[[1, 2]])
    percent: int = Field(description="Of all steps, rounded down", examples=[75])
    joined_at: datetime | None = Field(description="When they joined last; null: they did not")
    ends_at: datetime | None = Field(description="When their time, or the team's, is over; null: never")
    team: TeamShown | None
    grant_id: UUID | None = Field(description="What they were granted for it, once it is completed")


class QuestsOfMember(BaseModel):
    """A member's quests, as the programme lists them."""

    member_id: UUID
    items: list[QuestOfMember]


class QuestJoin(RequestBody):
    """Joining a quest; of one in teams with the team's name, and whether it is to be made."""

    team: Name | None = Field(None, description="The team's name, as its members tell it", examples=["The owls"])
    is_new: bool = Field(False, description="Make a team of that name")


@router.get("/v1/quests", summary="The quests there are", responses=problem_responses())
async def get_quests(principal: Looker, conn: Conn) -> Quests:
    """Of the programme version whose events are all counted."""
    in_force = await quests_in_force(conn, community=principal.community)
    holders = await thresholds_store.load_holders(conn, community=principal.community)
    return Quests(
        programme_version=in_force.version,
        items=[QuestShown.of(quest, holders=holders) for quest in in_force.recognition.quests],
    )


@router.get(
    "/v1/members/{member_id}/quests",
    summary="How far a member is with quests",
    responses=problem_responses(UNKNOWN_IDENTITY, MEMBER_NOT_ARRIVED),
)
async def get_member_quests(principal: Own, conn: Conn, member_id: MemberId) -> QuestsOfMember:
    """Each with its steps, how often they were done, and the team that they are in."""
    return await _quests_of(conn, community=principal.community, member_id=member_id)


@router.post(
    "/v1/members/{member_id}/quests/{quest_id}/join",
    summary="Join a quest",
    responses=problem_responses(
        *(UNKNOWN_IDENTITY, UNKNOWN_MEMBER, UNKNOWN_QUEST, UNKNOWN_TEAM, QUEST_NOT_JOINED, QUEST_OVER),
        *(QUEST_COMPLETED, TEAM_NAME_TAKEN, TEAM_FULL, IN_TEAM),
    ),
)
async def join_quest(
    principal: Doer, tx: Tx, member_id: MemberId, quest_id: Slug, wanted: QuestJoin
) -> QuestOfMember:
    """Their time begins now. Who is in it already is as before; for the member themselves, too."""
    asked = JoinWanted(str(member_id), quest_id, wanted.team, wanted.is_new)
    await joining.join(tx, community=principal.community, wanted=asked)
    return await _one_of(tx.conn, community=principal.community, member_id=member_id, quest_id=quest_id)


@router.post(
    "/v1/members/{member_id}/quests/{quest_id}/leave",
    summary="Leave the team of a quest",
    responses=problem_responses(
        UNKNOWN_IDENTITY, UNKNOWN_MEMBER, UNKNOWN_QUEST, QUEST_NOT_JOINED, QUEST_COMPLETED
    ),
)
async def leave_quest(principal: Doer, tx: Tx, member_id: MemberId, quest_id: Slug) -> QuestOfMember:
    """What they did while in it stays the team's. Nobody leaves once the quest is completed."""
    await joining.leave(tx, community=principal.community, member_id=str(member_id), quest_id=quest_id)
    return await _one_of(tx.conn, community=principal.community, member_id=member_id, quest_id=quest_id)


async def _one_of(conn: Conn, *, community: str, member_id: UUID, quest_id: str) -> QuestOfMember:
    found = await _quests_of(conn, community=community, member_id=member_id)
    return next(one for one in found.items if one.quest.id == quest_id)


async def _quests_of(conn: Conn, *, community: str, member_id: UUID) -> QuestsOfMember:
    member_text = str(member_id)
    if await find_name(conn, community=community, member_id=member_text) is None:
        raise Problem(
            MEMBER_NOT_ARRIVED,
            f"Nothing of member {member_id} has arrived yet. A member's id is in GET /v1/members of ingest",
        )
    in_force, party, member = await find_member(conn, community=community, member_id=member_text)
    holders = await thresholds_store.load_holders(conn, community=community)
    now = datetime.now(UTC)
    today = party.calendar.day_of(now)
    teams = {quest.id: party.team_of(member_text, quest.id) for quest in in_force.recognition.quests}
    in_teams = {one for team in teams.values() if team is not None for one in party.heads_in(team)}
    names = await load_names(conn, community=community, member_ids=sorted(in_teams))
    return QuestsOfMember(
        member_id=member_id,
        items=[
            _shown(
                quest,
                in_force=in_force,
                party=party,
                member=member,
                team=teams[quest.id],
                names=names,
                holders=holders,
                now=now,
                today=today,
            )
            for quest in in_force.recognition.quests
        ],
    )


def _shown(
    quest: Quest,
    *,
    in_force: QuestsInForce,
    party: Party,
    member: QuestMember,
    team: Team | None,
    names: Mapping[str, str],
    holders: Mapping[ThresholdKey, int],
    now: datetime,
    today: date,
) -> QuestOfMember:
    progress = party.progress(member.member_id, quest, in_force.counters)
    joins = party.joins_of(member.member_id, quest.id)
    joined_at = joins[-1].joined_at if joins and (quest.team is None or team is not None) else None
    began_at = joined_at if team is None else team.made_at
    over_at = None if began_at is None else ends_at(quest, began_at, calendar=party.calendar)
    held = member.standing.get(quest.id)
    wanted = sum(step.times for step in quest.steps)
    state = QuestState.RUNNING
    if held is not None or progress.is_complete:
        state = QuestState.COMPLETED
    elif quest.ends is not None and quest.ends < today.isoformat():
        state = QuestState.OVER
    elif quest.starts is not None and today.isoformat() < quest.starts:
        state = QuestState.NOT_YET
    elif quest.is_joined and (began_at is None or (quest.team is None and over_at is not None and over_at <= now)):
        state = QuestState.TO_JOIN
    elif over_at is not None and over_at <= now:
        state = QuestState.OVER
    return QuestOfMember(
        quest=QuestShown.of(quest, holders=holders),
        state=state,
        done=list(progress.done),
        percent=100 if state is QuestState.COMPLETED else sum(progress.done) * 100 // wanted,
        joined_at=joined_at,
        ends_at=over_at,
        team=None
        if team is None
        else TeamShown(
            team_id=UUID(team.team_id),
            name=team.name,
            members=[TeamMember(member_id=UUID(one), name=names.get(one)) for one in party.heads_in(team)],
        ),
        grant_id=None if held is None else UUID(held.grant_id),
    )
