"""Facts of nominations: rounds, who is put forward in them, and who votes for whom."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, Slug, Timestamp, Uuid
from shared.contracts.story import ADA, GRACE

_ROUND: Final = "0195f3f4-9b21-7c13-8d5e-6f7a8b9c0d1e"
_NOMINATION: Final = "0195f3f4-9c32-7d24-9e6f-7a8b9c0d1e2f"
_EVENT: Final = "5c0f3f4a-9d43-5e35-8f70-8b9c0d1e2f3a"

NominationSaid = Literal["open", "accepted", "declined"]


class NominationRoundData(TypedDict):
    """A round as it stands: nominations from `starts_at` to `votes_from`, votes from there to `ends_at`.

    `nominators` and `voters` are the audiences that may. It is over once it is decided or cancelled.
    """

    round_id: Uuid
    title: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    about: NotRequired[Annotated[str, StringConstraints(min_length=1, max_length=2_000)]]
    starts_at: Timestamp
    votes_from: Timestamp
    ends_at: Timestamp
    nominators: NotRequired[Slug]
    voters: NotRequired[Slug]
    winners: Annotated[int, Field(ge=1, le=100)]
    is_live: bool
    needs_yes: bool
    made_at: Timestamp
    decided_at: NotRequired[Timestamp]
    cancelled_at: NotRequired[Timestamp]


class NominationRoundChanged(FactEnvelope):
    """A round of nominations was declared, decided or cancelled; the last fact of a round holds."""

    type: Literal["nomination_round.changed.v1"]
    data: NominationRoundData


class NominationChangedData(TypedDict):
    """A nomination as it stands, without the words of it; `event_uid` is the event that says them.

    `is_listed` says that these have a word of a list. What it came to is there once its round is decided.
    """

    nomination_id: Uuid
    round_id: Uuid
    nominee_id: Uuid
    nominator_id: Uuid
    event_uid: Uuid
    made_at: Timestamp
    said: NominationSaid
    is_listed: bool
    votes: NotRequired[Annotated[int, Field(ge=0, le=10_000_000)]]
    place: NotRequired[Count]
    has_won: NotRequired[bool]


class NominationChanged(FactEnvelope):
    """Somebody was put forward, said whether they stand, or their round was decided; the last fact holds."""

    type: Literal["nomination.changed.v1"]
    data: NominationChangedData


class NominationVoteData(TypedDict):
    """Whom a member votes for in a round, the how manieth time."""

    round_id: Uuid
    nomination_id: Uuid
    member_id: Uuid
    number: Count
    voted_at: Timestamp


class NominationVoteChanged(FactEnvelope):
    """A member votes for somebody in a round, in place of whom they voted for before; the highest number holds."""

    type: Literal["nomination.vote_changed.v1"]
    data: NominationVoteData


NOMINATION_ROUND_CHANGED: Final = FactType(
    "nomination_round.changed.v1",
    envelope=NominationRoundChanged,
    data=NominationRoundData,
    examples=[
        fact_example(
            "nomination_round.changed.v1",
            "ingest",
            f"{_ROUND}/declared",
            "2026-01-05T09:00:00Z",
            {
                "round_id": _ROUND,
                "title": "Helper of the year",
                "starts_at": "2026-01-05T23:00:00Z",
                "votes_from": "2026-01-14T23:00:00Z",
                "ends_at": "2026-01-31T23:00:00Z",
                "voters": "regulars",
                "winners": 1,
                "is_live": False,
                "needs_yes": True,
                "made_at": "2026-01-05T09:00:00Z",
            },
        )
    ],
)
NOMINATION_CHANGED: Final = FactType(
    "nomination.changed.v1",
    envelope=NominationChanged,
    data=NominationChangedData,
    examples=[
        fact_example(
            "nomination.changed.v1",
            "ingest",
            f"{_NOMINATION}/made",
            "2026-01-10T09:00:00Z",
            {
                "nomination_id": _NOMINATION,
                "round_id": _ROUND,
                "nominee_id": GRACE,
                "nominator_id": ADA,
                "event_uid": _EVENT,
                "made_at": "2026-01-10T09:00:00Z",
                "said": "open",
                "is_listed": False,
            },
        )
    ],
)
NOMINATION_VOTE_CHANGED: Final = FactType(
    "nomination.vote_changed.v1",
    envelope=NominationVoteChanged,
    data=NominationVoteData,
    examples=[
        fact_example(
            "nomination.vote_changed.v1",
            "ingest",
            f"{_ROUND}/{ADA}/1",
            "2026-01-20T09:00:00Z",
            {
                "round_id": _ROUND,
                "nomination_id": _NOMINATION,
                "member_id": ADA,
                "number": 1,
                "voted_at": "2026-01-20T09:00:00Z",
            },
        )
    ],
)
NominationFact = Annotated[
    NominationRoundChanged | NominationChanged | NominationVoteChanged, Field(discriminator="type")
]
NOMINATION_FACT: Final = TypeAdapter[NominationFact](NominationFact)
