"""HTTP route of what if: one event on a draft, rule by rule, beside what it earned in force."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from services.scoring.awards.api.explaining import Explained, explain
from services.scoring.awards.api.models import AttributeReadItem, CalculatedItem, DeclinedItem, Explanation
from services.scoring.awards.api.routes import UNKNOWN_EVENT
from services.scoring.programmes.api.models import EXAMPLE
from services.scoring.programmes.api.problems import (
    CHECK_TOO_SLOW,
    CHECKS_BUSY,
    INVALID_PROGRAMME,
    UNKNOWN_DRAFT,
)
from services.scoring.programmes.api.texts import valid
from services.scoring.programmes.domain.drafts import UnknownDraftError
from services.scoring.programmes.handlers.checking import CHECKER
from services.scoring.programmes.store.drafts import find_draft
from services.scoring.settings import Settings
from services.scoring.whatifs.domain.trying import TriedRule
from services.scoring.whatifs.handlers.finding import find_event
from services.scoring.whatifs.handlers.trying import TRIALS
from shared.contracts.facts import AcceptedEvent
from shared.contracts.fields import AttributeValue
from shared.contracts.programme import SPENDABLE, Programme, Rule, Slot
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Begin,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import MISSING_SCOPE
from shared.located_yaml import DOCUMENT_MAX_BYTES

EVENT_NOT_IN_LOG = ProblemType("event-not-in-log", 404, "The event was not found in the log")
LOG_UNREACHABLE = ProblemType("log-unreachable", 503, "The log of events does not answer")

router = APIRouter()

Trier = Annotated[Principal, requires(Scope.PROGRAMMES_WRITE, reads=IN_ANSWER)]


class WhatIfRequest(RequestBody):
    """A draft, a stored one as it is saved now or a text, and the event that is tried on it."""

    event_uid: UUID = Field(
        description="An event of the community that was scored", examples=["0d9b6cfd-3b54-5ab0-93b0-46e1b0f0d50b"]
    )
    draft_id: UUID | None = Field(None, description="Of `GET /v1/programme-drafts`")
    text: str | None = Field(None, max_length=DOCUMENT_MAX_BYTES, examples=[EXAMPLE])
    received_at: AwareDatetime | None = Field(
        None,
        description=(
            "When the event was received, which says where in the log it is. It need not be said of what earned "
            "something; else the log is looked through from the event's own time on"
        ),
        examples=["2026-04-01T00:00:00Z"],
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.draft_id is None) == (self.text is None):
            raise PydanticCustomError("draft_or_text", "Say either `draft_id` or `text`")
        return self


class WouldGive(BaseModel):
    """What a rule of the draft would give a member; below 0 it would take."""

    member_id: UUID
    member_name: str | None = Field(description="Null where nobody knows it, or the caller may not read members")
    beneficiary: Slot
    points: int = Field(examples=[5])
    score: str = Field(description="The score that it counts for; `points` can be spent", examples=["points"])


class WhatIfRule(BaseModel):
    """A rule of the draft, and what it would come to for the event."""

    rule_id: str = Field(examples=["answer"])
    title: str = Field(examples=["Answered somebody"])
    condition: str | None = Field(examples=["data.length_chars >= 20"])
    points_by: str | None = Field(description="The expression that its points are calculated by")
    listens: bool = Field(description="Whether it is for events of this type at all")
    gives: list[WouldGive]
    declined: list[DeclinedItem] = Field(description="Why it would give somebody nothing, or less")
    attributes: list[AttributeReadItem] = Field(description="What it would read of whom its points are for")
    calculated: list[CalculatedItem] = Field(description="What calculated points come to before limits")
    met: dict[str, AttributeValue | None] = Field(
        description="The values of the event that its condition met, also where it is true; of a list its size",
        examples=[{"data.length_chars": 120}],
    )
    limits: list[str] = Field(
        description="What is over it, in words. What other events take of that is not counted here",
        examples=[["10 points a day"]],
    )
    points_in_force: int = Field(
        description="What the event earned by the rule of this id in force, all members together", examples=[3]
    )

    @classmethod
    def of(cls, rule: Rule, one: TriedRule, *, names: Mapping[str, str], in_force: int) -> Self:
        """What came of a rule, as the API shows it."""
        return cls(
            rule_id=rule.id,
            title=rule.title,
            condition=rule.when,
            points_by=None if rule.points_by is None else rule.points_by.cel,
            listens=one.listens,
            gives=[
                WouldGive(
                    member_id=UUID(given.member_id),
                    member_name=names.get(given.member_id),
                    beneficiary=given.beneficiary,
                    points=given.points,
                    score=given.score,
                )
                for given in one.gives
            ],
            # The draft has no number.
            declined=[DeclinedItem.of(why._replace(programme_version=None)) for why in one.declined],
            attributes=[AttributeReadItem.of(read) for read in one.read],
            calculated=[CalculatedItem.of(came_to) for came_to in one.calculated],
            met=dict(one.met),
            limits=one.limits,
            points_in_force=in_force,
        )


class WhatIf(BaseModel):
    """What a draft would have given for an event, and what the event earned in force."""

    event_uid: UUID
    event_type: str = Field(examples=["forum.reply.v1"])
    event_time: datetime
    received_at: datetime
    points: int = Field(description="Points that can be spent, by the draft, all members together", examples=[5])
    points_in_force: int = Field(description="The same in force", examples=[3])
    rules: list[WhatIfRule] = Field(description="All rules of the draft, in its order")
    in_force: Explanation = Field(description="As `GET /v1/events/{event_uid}/explanation` says it")


@router.post(
    "/v1/programmes/what-if",
    summary="Try an event on a draft",
    responses=problem_responses(
        *(UNKNOWN_EVENT, UNKNOWN_DRAFT, EVENT_NOT_IN_LOG, LOG_UNREACHABLE),
        *(INVALID_PROGRAMME, CHECK_TOO_SLOW, CHECKS_BUSY),
    ),
)
async def post_what_if(
    principal: Trier,
    body: WhatIfRequest,
    shown: Shown,
    begin: Begin,
    settings: Annotated[Settings, configured(Settings)],
) -> WhatIf:
    """What each rule of the draft would have given for the event, or why not, by the engine that scores live.

    Attributes and audiences of members are as known now, of the event's time. The event is by itself: room under
    limits and in budgets is as if nothing else had happened; a backtest counts everything. It changes nothing. It
    takes the scope `points:read` too; members' names are shown to whoever may read members.
    """
    if Scope.POINTS_READ not in principal.scopes:
        raise Problem(MISSING_SCOPE, f"It shows what members earn: that takes the scope '{Scope.POINTS_READ}' too")
    community, uid = principal.community, str(body.event_uid)
    async with TRIALS.turn(community, settings):
        async with begin() as tx:
            tx.did_nothing()
            explained = await explain(tx.conn, community=community, uids=[uid])
            text = body.text or ""
            if body.draft_id is not None:
                draft = await find_draft(tx.conn, community=community, draft_id=str(body.draft_id))
                if draft is None:
                    raise UnknownDraftError
                text = draft.source_text
        marks = explained.marks.get(uid)
        if marks is None or not marks.scored or marks.event_time is None:
            raise Problem(UNKNOWN_EVENT, "Scoring has not scored it; a receipt says whether it was accepted")
        programme = valid(await CHECKER.check(text, community=community, settings=settings))
        event = await find_event(
            settings,
            community=community,
            event_uid=uid,
            since=body.received_at or _received_at(explained, uid) or marks.event_time,
        )
        rules = await TRIALS.try_event(begin, event, programme, word=marks.word, settings=settings)
    members = _members_of(rules)
    shown.of(*members, *explained.member_ids)
    names: Mapping[str, str] = {}
    if members and Scope.MEMBERS_READ in principal.scopes:
        async with begin() as tx:
            tx.did_nothing()
            names = await load_names(tx.conn, community=community, member_ids=members)
    return _answer(event, programme, rules, explained, names)


def _received_at(explained: Explained, uid: str) -> datetime | None:
    """When an event was received, which its awards have."""
    return next((one.award.received_at for one in explained.awards.get(uid, ())), None)


def _members_of(rules: list[TriedRule]) -> list[str]:
    """Whose points and attributes there are in an answer."""
    found = [given.member_id for one in rules for given in one.gives]
    found += [read.member_id for one in rules for read in one.read]
    return list(dict.fromkeys(found))


def _answer(
    event: AcceptedEvent,
    programme: Programme,
    rules: list[TriedRule],
    explained: Explained,
    names: Mapping[str, str],
) -> WhatIf:
    awards = [one.award for one in explained.awards.get(event["uid"], ())]
    in_force: dict[str, int] = {}
    for award in awards:
        in_force[award.rule_id] = in_force.get(award.rule_id, 0) + award.points
    fields: dict[str, Any] = {
        "event_uid": UUID(event["uid"]),
        "event_type": event["type"],
        "event_time": event["time"],
        "received_at": event["receivedat"],
    }
    return WhatIf(
        **fields,
        points=sum(given.points for one in rules for given in one.gives if given.score == SPENDABLE),
        points_in_force=sum(award.points for award in awards if (award.score or SPENDABLE) == SPENDABLE),
        rules=[
            WhatIfRule.of(rule, one, names=names, in_force=in_force.get(rule.id, 0))
            for rule, one in zip(programme.rules, rules, strict=True)
        ],
        in_force=explained.of(event["uid"]),
    )
