"""Bodies of the HTTP API of programmes, and the schemas of a programme for its OpenAPI."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self, cast
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.scoring.programmes.domain import money, proposals, publication
from services.scoring.programmes.domain.boards import BoardsKept
from services.scoring.programmes.handlers.publishing import Because, Published
from services.scoring.rules.domain.costs import EVENT_STEPS_MAX_COUNT
from shared.contracts.facts.programmes import ProgrammeNote
from shared.contracts.programme import Programme
from shared.http import FieldError, RequestBody

MEDIA_TYPES = ("application/yaml", "text/yaml", "application/x-yaml", "text/plain", "application/json")
EXAMPLE = """\
programme: starter
title: Starter
rules:
  - id: answer
    title: Answered somebody
    on: [forum.reply.v1]
    when: data.length_chars >= 20
    points: 3
    daily_cap: 30
"""
JSON_EXAMPLE: dict[str, Any] = {
    "programme": "starter",
    "title": "Starter",
    "rules": [{"id": "answer", "title": "Answered somebody", "on": ["forum.reply.v1"], "points": 3}],
}


def schemas() -> dict[str, Any]:
    """JSON Schemas of a programme and its parts, by name, as OpenAPI has them."""
    programme = Programme.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = programme.pop("$defs")
    return parts | {"Programme": programme}


_BODY = {"schema": {"$ref": "#/components/schemas/Programme"}, "example": JSON_EXAMPLE}
PROGRAMME_BODY: dict[str, Any] = {
    "required": True,
    "content": dict.fromkeys(MEDIA_TYPES, _BODY)
    | {"text/plain": {"schema": {"type": "string"}, "example": EXAMPLE}},
}


#: A text that somebody is writing is not a programme yet.
COMPLETED_BODY: dict[str, Any] = {
    "required": True,
    "content": {media_type: {"schema": {"type": "string"}, "example": EXAMPLE} for media_type in MEDIA_TYPES},
}

#: Whether versions are in force, by their numbers.
Standings = Mapping[int, publication.Standing]

#: What a version can be: only a published one is ever in force.
State = Literal["published", "proposed", "withdrawn", "superseded", "sent_back"]


class MoneyChange(BaseModel):
    """A field of the section `rewards` that is money, and is not as it was; null where it was not there."""

    field: str = Field(examples=["rewards.payout.minor"])
    before: Any = Field(examples=[100])
    after: Any = Field(examples=[250])

    @classmethod
    def of(cls, change: money.MoneyChange) -> Self:
        """The change as the API shows it."""
        return cls(field=change.field, before=change.before, after=change.after)


#: Whether a published version is in force.
InForce = Literal["now", "later", "ended", "never"]


class ProgrammeVersion(BaseModel):
    """A version, without its text. One that takes two people is proposed until another person approves it."""

    programme_id: str = Field(examples=["starter"])
    version: int = Field(examples=[3])
    title: str = Field(examples=["Starter"])
    state: State = Field(examples=["published"])
    in_force: InForce | None = Field(
        description="Whether a published version is in force: never, where another one came in its place "
        "before it began. Null for one that is not published",
        examples=["now"],
    )
    effective_from: datetime | None = Field(
        description="Applies to events received then or later; null for one that is not published"
    )
    requested_from: datetime | None = Field(
        description="When a proposed version shall take effect; null: as soon as it is approved"
    )
    proposed_at: datetime | None
    published_at: datetime | None
    published_by: str = Field(description="Name of who published or proposed it", examples=["Ada"])
    published_by_person: UUID | None = Field(description="Null for versions of before")
    published_by_credential: str | None = Field(description="The access key or token", examples=["742a0960b22c"])
    decided_at: datetime | None = Field(description="When a proposed version was approved, or came to nothing")
    decided_by: str | None = Field(
        description="Name of who approved, withdrew, superseded or sent back a proposed version", examples=["Bob"]
    )
    decided_by_person: UUID | None
    decided_by_credential: str | None
    money_changes: list[MoneyChange] = Field(description="What it changes of money, which takes two people")
    note: str | None = Field(
        description="What it changes, in the words of who published or proposed it; null for the first, for "
        "versions of before, and for one that only undoes another",
        examples=["Answers give more, since that is what we lack"],
    )
    restores: int | None = Field(description="The earlier version that it says again", examples=[1])
    reason: str | None = Field(
        description="Why it was sent back", examples=["The cap is too low for our busy week"]
    )
    document_sha256: str = Field(description="Of the content: comments and layout do not count")

    @classmethod
    def of(cls, version: proposals.ListedVersion, in_force: Standings) -> Self:
        """The version as the API shows it."""
        by, decided = version.published_by, version.decided_by
        return cls(
            programme_id=version.programme_id,
            version=version.number,
            title=version.title,
            state=cast("State", version.state),
            in_force=cast(
                "InForce | None", in_force.get(version.number) if version.state == "published" else None
            ),
            effective_from=version.effective_from,
            requested_from=version.requested_from,
            proposed_at=version.proposed_at,
            published_at=version.published_at,
            published_by=by.name,
            published_by_person=UUID(by.person_id) if by.person_id else None,
            published_by_credential=by.credential,
            decided_at=version.decided_at,
            decided_by=decided.name if decided else None,
            decided_by_person=UUID(decided.person_id) if decided and decided.person_id else None,
            decided_by_credential=decided.credential if decided else None,
            money_changes=[MoneyChange.of(change) for change in version.changes],
            note=version.note,
            restores=version.restores,
            reason=version.reason,
            document_sha256=version.document_sha256,
        )


class ProgrammeDocument(ProgrammeVersion):
    """A version with its text as it was sent, and what was read from it."""

    text: str
    document: dict[str, Any]

    @classmethod
    def with_text(
        cls, version: proposals.ListedVersion, text: publication.VersionText, in_force: Standings
    ) -> Self:
        """The version and what it says, as the API shows them."""
        shown = ProgrammeVersion.of(version, in_force).model_dump()
        return cls(**shown, text=text.source_text, document=text.document)


class Withdrawal(ProgrammeVersion):
    """A version that was withdrawn; in place of one that was scheduled, what goes on is published anew."""

    replaced_by: int | None = Field(None, description="The version that takes its place", examples=[None, 4])
    replacement_state: Literal["published", "proposed"] | None = Field(
        None,
        description="Proposed: that changes money back, or the community has two people publish; "
        "until another person approves it, the withdrawn version is to come",
    )
    superseded: int | None = Field(None, description="The version that was proposed until now")


class ConditionCost(BaseModel):
    """What all conditions on a type of event can take for one event."""

    event_type: str = Field(examples=["forum.reply.v1"])
    steps: int = Field(description="Of some 20 ns, at most", examples=[1_240])
    max_steps: int = Field(description="What they may take together", examples=[EVENT_STEPS_MAX_COUNT])


class Completion(BaseModel):
    """Something that may stand at a place of a text."""

    text: str = Field(examples=["forum.reply.v1"])
    kind: Literal["field", "value", "event_type", "id", "name", "function"] = Field(examples=["event_type"])
    detail: str = Field(description="What it is, in a few words", examples=["A member answered a post."])


class Completions(BaseModel):
    """What may stand at the cursor, in place of what is there from `column` on up to it."""

    column: int = Field(examples=[10])
    items: list[Completion]


class BoardsTake(BaseModel):
    """What the boards that a programme declares take to be kept, at most."""

    boards: int = Field(examples=[2])
    rows_per_member: int = Field(description="For one who is on all of them", examples=[3])
    bytes_per_member: int = Field(examples=[810])
    bytes_per_event: int = Field(
        description="For one that gives points on all of them: of all time for good, else until results are final",
        examples=[300],
    )
    result_rows: int = Field(description="In all, once results of as many periods are there as are kept")
    result_bytes: int = Field(examples=[930_000])

    @classmethod
    def of(cls, kept: BoardsKept) -> Self | None:
        """What is shown of it; None of a programme without boards."""
        if not kept.boards:
            return None
        return cls(
            **kept._asdict(),
            bytes_per_member=kept.bytes_per_member,
            bytes_per_event=kept.bytes_per_event,
            result_bytes=kept.result_bytes,
        )


class Publication(BaseModel):
    """What a publication did. A dry run and a text that says the same as the newest version change nothing."""

    programme_id: str = Field(examples=["starter"])
    version: int | None = Field(None, description="Null for a dry run", examples=[3])
    state: Literal["published", "proposed"] = Field(
        description="Proposed: it is not in force before another person approves it. "
        "Of a dry run: what it would be"
    )
    waits_because: list[Because] = Field(
        description="Why it takes another person: it changes money, points are paid, the community has two people "
        "publish, or somebody asked for it",
        examples=[["money"]],
    )
    effective_from: datetime | None = Field(None, description="Null for a dry run, and for one that is proposed")
    money_changes: list[MoneyChange] = Field(description="What it changes of money")
    superseded: int | None = Field(
        None, description="The version that was proposed until now, and can not be approved any more"
    )
    document_sha256: str
    is_new: bool = Field(description="Whether this request made the version")
    dry_run: bool
    document: dict[str, Any] | None = Field(None, description="What was read, of a dry run")
    costs: list[ConditionCost] = Field(description="What its conditions can take, by type of event")
    boards: BoardsTake | None = Field(
        None, description="What its boards take to be kept; null without boards, and for a version that was there"
    )
    warnings: list[FieldError] = Field(
        description="What is allowed and hardly meant, such as a condition that can never be true"
    )

    @classmethod
    def of(
        cls,
        published: Published,
        *,
        costs: Sequence[ConditionCost] = (),
        boards: "BoardsTake | None" = None,
        warnings: Sequence[FieldError] = (),
    ) -> Self:
        """What was done, as the API shows it."""
        version = published.version
        proposal = version if isinstance(version, proposals.Proposal) else None
        return cls(
            programme_id=version.programme_id,
            version=version.number,
            state="published" if proposal is None else "proposed",
            waits_because=list(published.because),
            effective_from=None if isinstance(version, proposals.Proposal) else version.effective_from,
            money_changes=[] if proposal is None else [MoneyChange.of(change) for change in proposal.changes],
            superseded=published.superseded,
            document_sha256=version.document_sha256,
            is_new=published.is_new,
            dry_run=False,
            costs=list(costs),
            boards=boards,
            warnings=list(warnings),
        )


class SendingBack(RequestBody):
    """Why a version is sent back: what to change."""

    reason: ProgrammeNote = Field(examples=["The cap is too low for our busy week"])


class RollingBack(RequestBody):
    """Why an earlier version is published again, and from when it applies (null: soon)."""

    note: ProgrammeNote = Field(examples=["Back to 10 points: 15 made people hurry"])
    effective_from: AwareDatetime | None = None
