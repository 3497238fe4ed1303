"""HTTP routes of goals: how each stands, and what it was."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal, NamedTuple, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from services.analytics.goals import handlers
from services.analytics.goals.domain.definitions import Definition
from services.analytics.goals.domain.pace import Standing
from services.analytics.goals.handlers import GoalStory
from services.analytics.periods.api import AskedCalendar, Reader
from shared.contracts.fields import Slug
from shared.contracts.programme import GoalEvery, GoalMetric
from shared.http import Conn, Limit, Page, Problem, ProblemType, after, problem_responses
from shared.http.problem_types import INVALID_CURSOR

UNKNOWN_GOAL = ProblemType("unknown-goal", 404, "No such goal")

router = APIRouter(tags=["analytics"])

GoalStateName = Literal["unmeasured", "not_yet", "on_pace", "behind", "off_pace", "met", "missed"]


class GoalPlace(NamedTuple):
    """Where a page of goals ended."""

    goal_id: str


class GoalForecast(BaseModel):
    """What will have been counted at the end of the window."""

    value: float = Field(examples=[90.0])
    low: float = Field(description="Where it is, at 95 %", examples=[63.7])
    high: float = Field(examples=[116.3])
    spread: float = Field(
        description="How many times its mean a count's variance is taken to be; 1 is Poisson's", examples=[1.0]
    )
    spread_weeks: int = Field(
        description="By so many weeks before today; by none there were too few", examples=[13]
    )


class GoalDeclared(BaseModel):
    """What a version of the programme says of a goal."""

    version: int = Field(description="The version that said so first", examples=[3])
    since: datetime
    title: str = Field(examples=["Every question has an answer"])
    description: str = Field(examples=["Answer what was asked."])
    metric: GoalMetric | None = Field(description="What is counted; null where nothing is")
    on: list[str] = Field(
        description="The types of events that `activities` counts", examples=[["forum.reply.v1"]]
    )
    target: int | None = Field(examples=[120])
    every: GoalEvery | None = Field(description="Null where its window is days of its own, or none")
    owner: str | None = Field(examples=["Community team"])
    lacks: list[Literal["metric", "target", "window", "owner"]] = Field(
        description="What a goal should say and it does not", examples=[[]]
    )

    @classmethod
    def of(cls, definition: Definition) -> Self:
        """A definition as the API shows it."""
        return cls(
            version=definition.version,
            since=definition.since,
            title=definition.title,
            description=definition.description,
            metric=definition.metric,
            on=list(definition.on),
            target=definition.target,
            every=definition.every,
            owner=definition.owner,
            lacks=definition.lacks,
        )


class GoalStands(BaseModel):
    """How a goal stands in a window."""

    state: GoalStateName = Field(
        description="`behind`: at this pace it is missed, but the interval reaches the target; `off_pace`: "
        "it does not; `not_yet`: no whole day of the window is over; `unmeasured`: it lacks what to count"
    )
    starts_on: date | None = Field(description="Null where it has no window")
    ends_on: date | None
    days: int = Field(examples=[30])
    days_over: int = Field(description="Whole days of it that are over", examples=[10])
    actual: int = Field(description="With today", examples=[30])
    expected: float | None = Field(
        description="So much is the target's part of the days that are over; null before there is one",
        examples=[40.0],
    )
    pace: float | None = Field(
        description="What was counted in the days that are over, as a share of that", examples=[0.75]
    )
    forecast: GoalForecast | None

    @classmethod
    def of(cls, found: Standing) -> Self:
        """A standing as the API shows it."""
        return cls(
            state=found.state.value,
            starts_on=found.span.starts_on if found.span else None,
            ends_on=found.span.ends_on if found.span else None,
            days=found.days,
            days_over=found.days_over,
            actual=found.actual,
            expected=None if found.expected is None else round(found.expected, 2),
            pace=None if found.pace is None else round(found.pace, 4),
            forecast=None
            if found.forecast is None
            else GoalForecast(
                value=round(found.forecast.value, 1),
                low=round(found.forecast.low, 1),
                high=round(found.forecast.high, 1),
                spread=round(found.spread.factor, 2),
                spread_weeks=found.spread.weeks,
            ),
        )


class GoalShown(BaseModel):
    """A goal as it is declared, and how it stands."""

    goal_id: Slug = Field(examples=["answers"])
    declared: GoalDeclared
    stands: GoalStands

    @classmethod
    def of(cls, found: Standing) -> Self:
        """A goal as the API shows it."""
        return cls(
            goal_id=found.definition.goal_id,
            declared=GoalDeclared.of(found.definition),
            stands=GoalStands.of(found),
        )


class GoalRule(BaseModel):
    """A rule that serves the goal."""

    rule_id: Slug = Field(examples=["answer"])
    title: str = Field(examples=["Wrote an answer"])
    points: int = Field(description="What its awards of the window's days amount to", examples=[480])


class GoalWindow(BaseModel):
    """A window that is over, by the definition that was in force when it ended."""

    declared: GoalDeclared
    stands: GoalStands


class GoalTurn(BaseModel):
    """That its state turned, as it was noticed then; what came later may say otherwise today."""

    starts_on: date = Field(description="The first day of the window")
    state: GoalStateName
    noticed_at: datetime


class GoalDefinition(BaseModel):
    """What it said from then on; null where the programme dropped it."""

    declared: GoalDeclared | None


class GoalStoryShown(BaseModel):
    """A goal with its past."""

    goal_id: Slug = Field(examples=["answers"])
    current: GoalShown | None = Field(description="Null where the programme declares it no more")
    rules: list[GoalRule] = Field(description="What serves it in the version in force, by points")
    past: list[GoalWindow] = Field(description="At most 8, newest first")
    definitions: list[GoalDefinition] = Field(description="What it said, newest first; null where it was dropped")
    turns: list[GoalTurn] = Field(description="At most 50, newest first")

    @classmethod
    def of(cls, goal_id: str, story: GoalStory) -> Self:
        """A story as the API shows it."""
        return cls(
            goal_id=goal_id,
            current=GoalShown.of(story.current) if story.current else None,
            rules=[GoalRule(**rule._asdict()) for rule in story.rules],
            past=[
                GoalWindow(declared=GoalDeclared.of(one.definition), stands=GoalStands.of(one))
                for one in story.past
            ],
            definitions=[
                GoalDefinition(declared=GoalDeclared.of(one) if one else None) for one in story.definitions
            ],
            turns=[
                GoalTurn(starts_on=turn.starts_on, state=turn.state.value, noticed_at=turn.noticed_at)
                for turn in story.turns
            ],
        )


@router.get("/v1/goals", summary="Goals, and how each stands", responses=problem_responses(INVALID_CURSOR))
async def get_goals(
    principal: Reader,
    calendar: AskedCalendar,
    conn: Conn,
    place: Annotated[GoalPlace | None, after(GoalPlace)],
    limit: Limit = 100,
) -> Page[GoalShown]:
    """Those of the programme in force, by their ids, each in the window that today is in."""
    found = await handlers.load_standings(
        conn, community=principal.community, calendar=calendar, now=datetime.now(UTC)
    )
    shown = sorted(
        (one for one in found if place is None or one.definition.goal_id > place.goal_id),
        key=lambda one: one.definition.goal_id,
    )[:limit]
    return Page[GoalShown].of(shown, limit, item=GoalShown.of, place=lambda one: GoalPlace(one.definition.goal_id))


@router.get("/v1/goals/{goal_id}", summary="A goal with its past", responses=problem_responses(UNKNOWN_GOAL))
async def get_goal(
    principal: Reader,
    calendar: AskedCalendar,
    conn: Conn,
    goal_id: Annotated[Slug, Path(description="As a programme calls it", examples=["answers"])],
) -> GoalStoryShown:
    """Windows that are over are shown by the definition that was in force when they ended."""
    story = await handlers.load_story(
        conn, goal_id, community=principal.community, calendar=calendar, now=datetime.now(UTC)
    )
    if story is None:
        raise Problem(UNKNOWN_GOAL, f"No version of the programme declares a goal `{goal_id}`")
    return GoalStoryShown.of(goal_id, story)
