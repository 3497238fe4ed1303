"""What boards answer, and which of them somebody sees."""

from datetime import UTC, date, datetime
from typing import Annotated, Final, NamedTuple
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.recognition.boards.domain.kept import KeptBoard, span_before, span_of
from services.recognition.boards.domain.places import Position, Result
from services.recognition.boards.domain.prizes import Won
from services.recognition.boards.store import kept, reading
from services.recognition.leaderboards import store as leaderboards_store
from services.recognition.leaderboards.api import within_calendar
from services.recognition.thresholds.api import GivesShown
from shared.calendars import Calendar, Span
from shared.contracts.programme.boards import Period, Prize, Tie
from shared.followed_audiences import is_in
from shared.http import IN_ANSWER, Moment, Principal, Problem, ProblemType, Public, Scope, requires
from shared.merges import find_head
from shared.postgres import Connection

UNKNOWN_BOARD = ProblemType("unknown-board", 404, "There is no such board")
NO_RESULTS = ProblemType("no-board-results", 404, "There are no results of that period")
#: Members read the boards that are theirs to see, and everybody public ones where the community shows boards.
Looker = Annotated[Principal, requires(Scope.RECOGNITION_READ, or_member=True, public=Public.BOARDS)]
#: Who is shown members, too.
Reader = Annotated[
    Principal, requires(Scope.RECOGNITION_READ, or_member=True, public=Public.BOARDS, reads=IN_ANSWER)
]
At = Annotated[Moment | None, Query(description="A time within the period; now, if not given")]
NEIGHBOURS_MAX_COUNT: Final = 10


class BoardAudience(BaseModel):
    """The audience whose board it is."""

    id: str = Field(examples=["helpers"])
    title: str | None = Field(examples=["Helpers"])


class BoardPrize(BaseModel):
    """What the next so many people win."""

    id: str = Field(examples=["first"])
    title: str = Field(examples=["Dinner for two"])
    people: int = Field(description="How many win it, the first prize the first of all", examples=[1])
    tie: Tie = Field(
        description="Of those with as many points as the last who wins it, all win it or the earliest alone"
    )
    gives: GivesShown | None = Field(description="What each of them gets with it; null: what people hand over")

    @classmethod
    def of(cls, prize: Prize) -> "BoardPrize":
        """What is shown of a prize that can be won."""
        return cls(
            id=prize.id,
            title=prize.title,
            people=prize.people,
            tie=prize.tie,
            gives=GivesShown.of(prize.gives),
        )


class BoardShown(BaseModel):
    """A board as the programme in force declares it, and its period."""

    id: str = Field(examples=["month"])
    title: str = Field(examples=["This month"])
    description: str
    period: Period
    score: str | None = Field(description="Null is the points that can be spent", examples=["helpfulness"])
    audience: BoardAudience | None = Field(description="Null is all members")
    channel: str | None = Field(description="Null is all channels", examples=["forum"])
    size: int = Field(description="Members who are listed, and kept in results", examples=[100])
    public: bool = Field(description="Whether everybody sees it where the community shows boards")
    freeze_after_days: int | None = Field(description="Days after the period until its results are final")
    prizes: list[BoardPrize]
    starts_on: date | None = Field(description="First day of the period; null for all time")
    ends_on: date | None = Field(description="Last day of the period; null for all time")
    since: datetime = Field(description="When it began")
    is_whole: bool = Field(description="Whether what was before it began is on it")

    @classmethod
    def of(cls, seen: "Seen") -> "BoardShown":
        """What is shown of a board."""
        board, declared = seen.board, seen.board.declared
        is_endless = declared.period == "all_time"
        return cls(
            id=board.board_id,
            title=declared.title,
            description=declared.description,
            period=declared.period,
            score=declared.of_score,
            audience=None
            if declared.audience is None
            else BoardAudience(id=declared.audience, title=seen.audience_title),
            channel=declared.channel,
            size=declared.size,
            public=bool(declared.public),
            freeze_after_days=None if is_endless else declared.freeze_after_days or 0,
            prizes=[BoardPrize.of(one) for one in declared.prizes or ()],
            starts_on=None if is_endless else seen.span.starts_on,
            ends_on=None if is_endless else seen.span.ends_on,
            since=board.since,
            is_whole=board.is_whole,
        )


class Moved(BaseModel):
    """How a member's rank differs from the results before: of the period before, or of yesterday."""

    is_new: bool = Field(description="Whether they were not in the results before")
    by: int | None = Field(description="Ranks up, or below 0 down; null where they are new", examples=[2])


class BoardEntry(BaseModel):
    """A member on a board."""

    rank: int = Field(description="Dense: members with the same points share it, and the next has one more")
    member_id: UUID | None = Field(description="Null for members, and for everybody where the board is public")
    name: str | None = Field(description="Null too for everybody where names are not public", examples=["Ada"])
    points: int = Field(examples=[420])
    is_self: bool = Field(description="Whether it is the member who asks")
    moved: Moved | None = Field(description="Null where there are no results before")


class BoardPlace(BaseModel):
    """Where somebody stands on a board."""

    rank: int = Field(examples=[13])
    points: int = Field(examples=[410])
    moved: Moved | None = Field(description="Null where there are no results before")
    members: int = Field(description="All who are on the board", examples=[1200])
    members_above: int = Field(description="Those with more points", examples=[15])
    members_with: int = Field(description="Those with as many, the member too", examples=[2])


class PrizeShown(BaseModel):
    """A prize that a member won."""

    board_id: str = Field(examples=["month"])
    board_title: str = Field(description="As it was called then", examples=["This month"])
    id: str = Field(examples=["first"])
    title: str = Field(examples=["Dinner for two"])
    starts_on: date
    ends_on: date
    rank: int
    points: int
    member_id: UUID | None = Field(description="Null for members, and for everybody where the board is public")

    @classmethod
    def of(cls, won: Won, *, with_id: bool) -> "PrizeShown":
        """What is shown of a prize."""
        return cls(
            board_id=won.board_id,
            board_title=won.board_title,
            id=won.prize,
            title=won.title,
            starts_on=won.span.starts_on,
            ends_on=won.span.ends_on,
            rank=won.rank,
            points=won.points,
            member_id=UUID(won.member_id) if with_id else None,
        )


class ResultShown(BaseModel):
    """Results of a period of a board."""

    title: str = Field(description="As the board was called then", examples=["This month"])
    period: Period = Field(description="Of which the board was then: two of them may begin on one day")
    starts_on: date
    ends_on: date
    cut_at: datetime = Field(description="When they were taken")
    is_final: bool = Field(description="Until then what comes late still counts")
    is_whole: bool = Field(description="Whether the board had begun with the period, or with what was before it")
    members: int = Field(description="All who were on the board", examples=[1200])
    late_awards: int = Field(
        description="Awards and amendments that came once they were final: they change nothing"
    )
    late_points: int

    @classmethod
    def of(cls, result: Result) -> "ResultShown":
        """What is shown of results."""
        return cls(
            title=result.title,
            period=result.period,
            starts_on=result.starts_on,
            ends_on=result.ends_on,
            cut_at=result.cut_at,
            is_final=result.is_final,
            is_whole=result.is_whole,
            members=result.members,
            late_awards=result.late.awards,
            late_points=result.late.points,
        )


class Seen(NamedTuple):
    """A board that somebody sees, at a period."""

    board: KeptBoard
    span: Span
    calendar: Calendar
    audience_title: str | None

    @property
    def stands_on(self) -> date:
        """Where the points of the period stand."""
        return self.board.stands_on(self.span)

    @property
    def before(self) -> date:
        """The first day of the results before: of one of all time those of yesterday."""
        return span_before(self.board.by, self.span, self.calendar).starts_on

    async def moved(self, conn: Connection, ranks: dict[str, int]) -> dict[str, Moved]:
        """How members moved, by their ids; `ranks` are those that they have now."""
        were = await reading.load_ranks_before(conn, self.board, starts_on=self.before, member_ids=list(ranks))
        if were is None:
            return {}
        return {
            member_id: Moved(
                is_new=member_id not in were, by=were[member_id] - rank if member_id in were else None
            )
            for member_id, rank in ranks.items()
        }


def place_of(rank: int, points: int, moved: Moved | None, position: Position) -> BoardPlace:
    """Where somebody stands."""
    return BoardPlace(
        rank=rank,
        points=points,
        moved=moved,
        members=position.members,
        members_above=position.members_above,
        members_with=position.members_with,
    )


def sees_ids(principal: Principal) -> bool:
    """Whether somebody sees whose places they are: whoever may read recognition, and no member or visitor."""
    return not principal.is_publishable and Scope.RECOGNITION_READ in principal.scopes


def sees_names(principal: Principal) -> bool:
    """Whether somebody sees names: everybody does where they are public."""
    return not principal.is_publishable or Public.NAMES in principal.public


async def own_id(conn: Connection, principal: Principal) -> str | None:
    """The member who asks, as whom they are merged into; None for whoever is no member."""
    if principal.member_id is None:
        return None
    return await find_head(conn, community=principal.community, member_id=principal.member_id)


async def boards_seen(conn: Connection, principal: Principal, *, calendar: Calendar) -> list[Seen]:
    """The boards that somebody sees, in the order of the programme, at their periods of now."""
    found = []
    for board in (await kept.load_boards(conn, communities=[principal.community])).get(principal.community, []):
        if await _is_seen(conn, board, principal=principal):
            found.append(await _seen(conn, board, calendar=calendar, at=datetime.now(UTC)))
    return found


async def board_seen(
    conn: Connection, principal: Principal, *, board_id: str, calendar: Calendar, at: datetime | None = None
) -> Seen:
    """A board that somebody sees, at the period of a moment.

    Raises Problem 404 for any other, and 422 for a time that no board has.
    """
    boards = (await kept.load_boards(conn, communities=[principal.community])).get(principal.community, [])
    board = next((one for one in boards if one.board_id == board_id), None)
    if board is None or not await _is_seen(conn, board, principal=principal):
        raise Problem(UNKNOWN_BOARD, "GET /v1/boards has those that there are for whoever asks")
    return await _seen(conn, board, calendar=calendar, at=within_calendar(at or datetime.now(UTC)))


async def _seen(conn: Connection, board: KeptBoard, *, calendar: Calendar, at: datetime) -> Seen:
    title = None
    if board.declared.audience is not None:
        title = await leaderboards_store.find_audience_title(
            conn, community=board.community, audience_id=board.declared.audience
        )
    return Seen(board, span_of(board.by, calendar.day_of(at), calendar), calendar, title)


async def _is_seen(conn: Connection, board: KeptBoard, *, principal: Principal) -> bool:
    if principal.is_publishable:
        return bool(board.declared.public)
    if Scope.RECOGNITION_READ in principal.scopes or board.declared.audience is None:
        return True
    member_id = await own_id(conn, principal)
    return member_id is not None and await is_in(
        conn, community=board.community, audience_id=board.declared.audience, member_id=member_id
    )
