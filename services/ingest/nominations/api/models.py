"""What routes of nominations take and show."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.ingest.nominations.domain import (
    ABOUT_MAX_CHARS,
    CITATION_MAX_CHARS,
    TITLE_MAX_CHARS,
    WINNERS_MAX_COUNT,
    Nomination,
    Round,
    RoundState,
    Said,
    ShownNomination,
    Winner,
    stands,
)
from services.ingest.nominations.handlers.rounds import Counted
from shared.contracts.fields import Language, Slug
from shared.contracts.texts import SomethingSeen
from shared.http import MemberNamed, RequestBody

Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TITLE_MAX_CHARS, pattern=r"^[^\x00\r\n]*\S[^\x00\r\n]*$"),
    SomethingSeen,
]
Citation = Annotated[
    str,
    StringConstraints(min_length=1, max_length=CITATION_MAX_CHARS, pattern=r"^[^\x00]*\S[^\x00]*$"),
    SomethingSeen,
]


class RoundWanted(RequestBody):
    """A round that is declared; its days are the community's, by its calendar."""

    title: Line = Field(examples=["Helper of the year"])
    about: Annotated[str, StringConstraints(max_length=ABOUT_MAX_CHARS, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="What it is about", examples=["Who helped most this year?"]
    )
    starts_on: date = Field(description="From this day on members are nominated", examples=["2030-01-01"])
    votes_from: date = Field(description="From this day on votes are given", examples=["2030-01-15"])
    ends_on: date = Field(description="The last day of votes", examples=["2030-01-31"])
    nominators: Slug | None = Field(
        None, description="Who may nominate: this audience; null: every member", examples=[None]
    )
    voters: Slug | None = Field(
        None, description="Who may vote: who is in this audience as they vote; null: every member", examples=[None]
    )
    winners: int = Field(1, ge=1, le=WINNERS_MAX_COUNT, description="So many win, and who is level with the last")
    live: bool = Field(False, description="Whether everybody sees the counts before the end")
    needs_yes: bool = Field(False, description="Whether only who said yes is voted for; no is always possible")


class RoundShown(BaseModel):
    """A round in which members are nominated and voted for."""

    round_id: UUID
    title: str = Field(examples=["Helper of the year"])
    about: str | None
    state: RoundState
    starts_at: datetime
    votes_from: datetime
    ends_at: datetime = Field(description="From here on nobody votes")
    nominators: str | None = Field(description="Which audience; not told to everybody")
    voters: str | None = Field(description="Which audience; not told to everybody")
    winners: int = Field(examples=[1])
    live: bool
    needs_yes: bool
    decided_at: datetime | None = Field(description="Since when its result stands, for good")

    @classmethod
    def of(cls, found: Round, *, now: datetime, is_public: bool = False) -> Self:
        """As the API shows it, or as it shows it to everybody."""
        return cls(**fields_of(found, now=now, is_public=is_public))


class RoundMember(BaseModel):
    """Somebody who is nominated, or nominates."""

    member_id: UUID
    name: str | None = Field(
        description="Null too for a publishable key where names are not public", examples=["Grace"]
    )


class NominationShown(BaseModel):
    """Somebody who is put forward."""

    nomination_id: UUID
    nominee: RoundMember
    nominator: RoundMember
    citation: str | None = Field(
        description="Why; null where it is not kept any more, or is on its way",
        examples=["She stayed with every newcomer until it worked."],
    )
    said: Said = Field(description="What the nominee says of standing")
    stands: bool = Field(description="Whether they can be voted for")
    votes: int | None = Field(description="Null while counts are not shown", examples=[41])
    place: int | None = Field(description="By votes, once it is decided; several may share one", examples=[1])
    has_won: bool | None = Field(description="Null until it is decided")
    is_own: bool = Field(description="Whether it is the member who asks")
    has_my_vote: bool = Field(description="Whether the member who asks votes for it")


class RoundWithNominations(RoundShown):
    """A round, and who is nominated: by votes where these are shown, else in the order in which they were."""

    nominations: list[NominationShown]


class CancelWanted(RequestBody):
    """Why a round comes to nothing."""

    reason: Citation = Field(examples=["Its days were wrong."])


class NominationWanted(RequestBody):
    """Who is nominated, and why."""

    nominee: MemberNamed = Field(
        description="Who is nominated: a member's id; for a key an identity, like `forum:ada`, too",
        examples=["0195f3f4-7d28-7c31-8f0a-3b5d7c9e1f22"],
    )
    nominator: MemberNamed | None = Field(
        None, description="Who nominates, where a key does it for them", examples=[None]
    )
    citation: Citation = Field(description="Why", examples=["She stayed with every newcomer until it worked."])
    language: Language | None = Field(None, description="That of the words", examples=["en"])


class ByWhom(RequestBody):
    """Who does it."""

    member: MemberNamed | None = Field(None, description="Who, where a key does it for them", examples=[None])


class NominationDone(BaseModel):
    """A nomination as it stands now."""

    nomination_id: UUID
    round_id: UUID
    nominee_id: UUID
    event_uid: UUID
    said: Said

    @classmethod
    def of(cls, made: Nomination) -> Self:
        """As the API shows it."""
        return cls(
            nomination_id=UUID(made.nomination_id),
            round_id=UUID(made.round_id),
            nominee_id=UUID(made.nominee_id),
            event_uid=UUID(made.event_uid),
            said=made.said,
        )


class PublicNomination(BaseModel):
    """Somebody who stands, as everybody may see them; who nominated them is not told."""

    nomination_id: UUID
    nominee: RoundMember
    citation: str | None = Field(
        description="Why; null where it is not kept any more, is on its way, or its writer wants no part in this",
        examples=["She stayed with every newcomer until it worked."],
    )
    votes: int | None = Field(description="Null while counts are not shown", examples=[41])
    place: int | None = Field(description="By votes, once it is decided; several may share one", examples=[1])
    has_won: bool | None = Field(description="Null until it is decided")

    @classmethod
    def of(cls, one: ShownNomination, *, counts: Mapping[str, int] | None, named: bool) -> Self:
        """As everybody sees it, with the name or without."""
        made = one.nomination
        return cls(
            nomination_id=UUID(made.nomination_id),
            nominee=RoundMember(member_id=UUID(one.nominee_id), name=one.nominee_name if named else None),
            citation=one.citation,
            votes=None if counts is None else counts.get(made.nomination_id, 0),
            place=made.place,
            has_won=made.has_won,
        )


class PublicRound(RoundShown):
    """A round, and who stands: by votes where these are shown, else in the order in which they were nominated."""

    nominations: list[PublicNomination]


class RoundFeedItem(BaseModel):
    """A round that is decided, as readers of JSON Feed take it."""

    id: str
    title: str = Field(examples=["Helper of the year"])
    content_text: str = Field(
        description="A line for each who won: the place, the name and the votes", examples=["1. Grace: 41"]
    )
    date_published: datetime


class RoundFeed(BaseModel):
    """What rounds came to as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1)."""

    version: Literal["https://jsonfeed.org/version/1.1"]
    title: str
    items: list[RoundFeedItem]


def feed_item(found: Round, winners: Sequence[Winner], *, named: bool) -> RoundFeedItem:
    """A round that is decided, with names or without."""
    lines = [f"{one.place}. {one.name if named and one.name else '–'}: {one.votes_count}" for one in winners]
    return RoundFeedItem(
        id=f"urn:uuid:{found.round_id}",
        title=found.title,
        content_text="\n".join(lines) or found.title,
        date_published=(found.decided_at or found.ends_at).astimezone(UTC),
    )


def fields_of(found: Round, *, now: datetime, is_public: bool = False) -> dict[str, Any]:
    """What is shown of a round; everybody does not learn which audiences there are."""
    return {
        "round_id": UUID(found.round_id),
        "title": found.title,
        "about": found.about,
        "state": found.state_at(now),
        "starts_at": found.starts_at,
        "votes_from": found.votes_from,
        "ends_at": found.ends_at,
        "nominators": None if is_public else found.nominators,
        "voters": None if is_public else found.voters,
        "winners": found.winners,
        "live": found.is_live,
        "needs_yes": found.needs_yes,
        "decided_at": found.decided_at,
    }


def shown_of(one: ShownNomination, counted: Counted, *, own: Sequence[str], has_my_vote: bool) -> NominationShown:
    """A nomination as the API shows it to whoever has these ids."""
    made = one.nomination
    return NominationShown(
        nomination_id=UUID(made.nomination_id),
        nominee=RoundMember(member_id=UUID(one.nominee_id), name=one.nominee_name),
        nominator=RoundMember(member_id=UUID(one.nominator_id), name=one.nominator_name),
        citation=one.citation,
        said=made.said,
        stands=one.is_eligible and stands(made, needs_yes=counted.round.needs_yes),
        votes=None if counted.counts is None else counted.counts.get(made.nomination_id, 0),
        place=made.place,
        has_won=made.has_won,
        is_own=made.nominee_id in own,
        has_my_vote=has_my_vote,
    )
