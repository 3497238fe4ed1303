"""What the routes of sends take, answer and refuse."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from services.rewards.sends.domain import (
    LINES_MAX_COUNT,
    OtherSendError,
    Send,
    SendEndsError,
    SendFourEyesError,
    SendLine,
    SendLineOverError,
    SendLineState,
    SendRefusedError,
    SendState,
    SendStateError,
    SendWhy,
    TooManySendsError,
    UnknownSendError,
    UnknownSendLineError,
    WantedLine,
)
from shared.commands import KEY_REUSED
from shared.contracts.fields import Slug
from shared.contracts.texts import Line
from shared.http import (
    FieldError,
    Problem,
    ProblemType,
    RequestBody,
)
from shared.http.problems import ErrorTable

UNKNOWN_SEND = ProblemType("unknown-send", 404, "There is no such send")
UNKNOWN_SEND_LINE = ProblemType("unknown-send-line", 404, "Nothing is offered to you by that")
SEND_REFUSED = ProblemType("send-refused", 422, "Lines of the list cannot be sent")
SEND_ENDS = ProblemType("send-ends", 422, "What a send offers ends neither in the past nor that late")
SEND_STATE = ProblemType("send-state", 409, "The send is past that, or not there yet")
SEND_FOUR_EYES = ProblemType("send-four-eyes", 403, "Somebody else must approve it")
SEND_LINE_OVER = ProblemType("send-line-over", 409, "It gives nothing any more")
TOO_MANY_SENDS = ProblemType("too-many-sends", 409, "As many sends are under way as may be")
TITLE_MAX_CHARS = 200
USUAL_DAYS = 30
#: A table has headings, and may have empty lines.
TABLE_LINE_MAX = 1_000_000
MEMBER_EXAMPLE = "0198c7f6-2a51-7e0c-8d4e-5b1f0a7c9d21"
RECIPIENT_EXAMPLE = "5d0f2c8e-7d5b-5b0a-9f3e-1c2d3e4f5a6b"

#: Written out where they stand, as clients know them, not as schemas of their own.
_STATES = tuple(state.value for state in SendState)
_LINE_STATES = tuple(state.value for state in SendLineState)
_WHYS = tuple(why.value for why in SendWhy)
State = Literal[_STATES]  # type: ignore[valid-type]
LineState = Literal[_LINE_STATES]  # type: ignore[valid-type]
Why = Literal[_WHYS]  # type: ignore[valid-type]


class LineWanted(RequestBody):
    """A person on the list: a member, or a recipient whom ingest holds (`POST /v1/recipients/table`)."""

    member_id: UUID | None = Field(None, examples=[MEMBER_EXAMPLE])
    recipient_id: UUID | None = Field(None, examples=[None])
    reward_id: Slug | None = Field(None, description="What this line gives; null: what the send gives")
    line: Annotated[int, Field(ge=1, le=TABLE_LINE_MAX)] | None = Field(
        None,
        description="Which line of a table it is, as `POST /v1/recipients/table` says: what is wrong names that; "
        "null: which of the list it is",
        examples=[2],
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.member_id is None) == (self.recipient_id is None):
            raise ValueError("give member_id or recipient_id, and not both")
        return self

    @property
    def wanted(self) -> WantedLine:
        """The line as it is kept."""
        return WantedLine(
            None if self.member_id is None else str(self.member_id),
            None if self.recipient_id is None else str(self.recipient_id),
            self.reward_id,
            self.line,
        )


class NewSend(RequestBody):
    """A list of people who are to get a reward."""

    title: Annotated[Line, Field(min_length=1, max_length=TITLE_MAX_CHARS)] = Field(
        description="What it is for: they read it", examples=["Thank you for the spring meetup"]
    )
    reward_id: Slug = Field(description="What each gets, for no points", examples=["book-voucher"])
    starts_at: AwareDatetime | None = Field(None, description="Not before then; null: once it is approved")
    claims_end_at: AwareDatetime | None = Field(
        None,
        description=f"Until then whoever is no member yet can claim it; null: {USUAL_DAYS} days after it starts",
        examples=["2030-12-31T23:00:00Z"],
    )
    lines: list[LineWanted] = Field(
        min_length=1, max_length=LINES_MAX_COUNT, examples=[[{"member_id": MEMBER_EXAMPLE}]]
    )


class LineCounts(BaseModel):
    """How many lines of a send are in each state."""

    waiting: int = 0
    given: int = 0
    offered: int = Field(0, description="A mail offers it to somebody who is no member yet")
    failed: int = 0
    expired: int = 0
    cancelled: int = 0


class SendShown(BaseModel):
    """A send, and how far it is."""

    send_id: UUID
    title: str = Field(examples=["Thank you for the spring meetup"])
    reward_id: str = Field(examples=["book-voucher"])
    state: State
    points: int = Field(description="What all that it gives costs in the catalogue", examples=[25_000])
    lines_count: int = Field(examples=[25])
    lines: LineCounts
    starts_at: datetime | None
    claims_end_at: datetime
    made_at: datetime
    made_by: str = Field(description="The access key or token")
    made_by_person: UUID | None = Field(description="Who made it: somebody else approves it")
    decided_at: datetime | None
    decided_by: str | None = Field(description="Who approved it or called it off: the access key or token")

    @classmethod
    def of(cls, send: Send, counts: dict[str, int]) -> Self:
        """A send as it is answered."""
        return cls(
            send_id=UUID(send.send_id),
            title=send.title,
            reward_id=send.reward_id,
            state=send.state.value,
            points=send.points,
            lines_count=send.lines_count,
            lines=LineCounts.model_validate(counts),
            starts_at=send.starts_at,
            claims_end_at=send.claims_end_at,
            made_at=send.made_at,
            made_by=send.made_by.credential,
            made_by_person=None if send.made_by.person_id is None else UUID(send.made_by.person_id),
            decided_at=send.decided_at,
            decided_by=None if send.decided_by is None else send.decided_by.credential,
        )


class NeedShown(BaseModel):
    """How many of a reward a send gives yet, and how many there are."""

    reward_id: str = Field(examples=["book-voucher"])
    needed_count: int = Field(examples=[25])
    left_count: int | None = Field(description="null: any number", examples=[12])


class SendWhole(SendShown):
    """A send with what it takes: what is lacking is seen before it goes."""

    takes_second_person: bool = Field(description="Whether somebody else than its maker approves it")
    needs: list[NeedShown]


class SendLineShown(BaseModel):
    """A person on the list, and what became of it."""

    line: int = Field(examples=[1])
    line_id: UUID
    member_id: UUID | None
    member_name: str | None = Field(examples=["Ada Lovelace"])
    recipient_id: UUID | None
    reward_id: str = Field(examples=["book-voucher"])
    state: LineState
    why: Why | None = Field(description="Why it failed")
    redemption_id: UUID | None
    changed_at: datetime

    @classmethod
    def of(cls, line: SendLine, names: dict[str, str]) -> Self:
        """A line as it is answered."""
        return cls(
            line=line.line,
            line_id=UUID(line.line_id),
            member_id=None if line.member_id is None else UUID(line.member_id),
            member_name=None if line.member_id is None else names.get(line.member_id),
            recipient_id=None if line.recipient_id is None else UUID(line.recipient_id),
            reward_id=line.reward_id,
            state=line.state.value,
            why=None if line.why is None else line.why.value,
            redemption_id=None if line.redemption_id is None else UUID(line.redemption_id),
            changed_at=line.changed_at,
        )


class SentOffer(BaseModel):
    """What somebody was sent, for whom it is."""

    title: str = Field(examples=["Thank you for the spring meetup"])
    reward_id: str = Field(examples=["book-voucher"])
    state: LineState
    claims_end_at: datetime
    redemption_id: UUID | None


class SentClaim(RequestBody):
    """Which line of a send somebody claims."""

    line_id: UUID = Field(examples=[RECIPIENT_EXAMPLE])


def _refused(error: SendRefusedError) -> Problem:
    """What is wrong with a list, line by line."""
    errors = [
        FieldError(field=f"/lines/{fault.line - 1}", detail=fault.reason, line=fault.table_line)
        for fault in error.faults
    ]
    first = error.faults[0]
    more = f"; {error.count - 1} more lines have faults" if error.count > 1 else ""
    return Problem(SEND_REFUSED, f"Line {first.table_line}: {first.reason}{more}. Nothing was made", errors)


_LINE_OVER = {
    SendLineState.EXPIRED: "Its time is over",
    SendLineState.CANCELLED: "Whoever sent it called it off",
    SendLineState.GIVEN: "It was given",
}
ERRORS: ErrorTable = {
    UnknownSendError: lambda _: Problem(UNKNOWN_SEND, "GET /v1/sends lists those that there are"),
    UnknownSendLineError: lambda _: Problem(
        UNKNOWN_SEND_LINE, "Follow the link in the message again in a moment, or ask whoever sent it"
    ),
    SendRefusedError: _refused,
    SendEndsError: lambda error: Problem(
        SEND_ENDS,
        f"It ends after it starts, and within {error.max_days} days from now",
        [FieldError(field="/claims_end_at", detail=f"It ends within {error.max_days} days from now")],
    ),
    SendStateError: lambda error: Problem(SEND_STATE, f"It is {error.state}. Nothing was done"),
    SendFourEyesError: lambda _: Problem(
        SEND_FOUR_EYES, "You made it, or nobody knows who you are: another person approves it. Nothing was done"
    ),
    SendLineOverError: lambda error: Problem(SEND_LINE_OVER, _LINE_OVER.get(error.state, f"It is {error.state}")),
    TooManySendsError: lambda error: Problem(
        TOO_MANY_SENDS, f"{error.max_count} are under way; cancel drafts that nobody needs"
    ),
    OtherSendError: lambda _: Problem(
        KEY_REUSED,
        "The key made another send before",
        [FieldError(field="Idempotency-Key", detail="Use a new key")],
    ),
}
