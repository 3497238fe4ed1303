"""The log goes through a programme by the engine that scores it live: matching, claims, limits, paces, campaigns.

What each claim gets is a function of the events and never of their arrival, so pieces of the log are matched one
by one, and their claims get their room together at the end. What the live line decides by the order of arrival is
room in a budget: here whoever came first by event time has it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from services.scoring.awards.domain.awards import make
from services.scoring.backtests.domain.known import Told
from services.scoring.campaigns.domain.books import Books, give
from services.scoring.limits.domain.allotting import Window, settle
from services.scoring.limits.domain.claims import Claim, Withheld, Word
from services.scoring.limits.domain.corrections import graced
from services.scoring.rules.domain.asking import Question, questions
from services.scoring.rules.domain.attributes import Known
from services.scoring.rules.domain.compiling import CompiledVersion, compile_version
from services.scoring.rules.domain.matching import match
from shared.conditions.evaluation import Answer, Condition, compiled, context_of, holds
from shared.contracts.activities import RETRACTED_TYPE, TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import SPENDABLE, Programme

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
#: The number of a draft's version, on a side where there is no other.
DRAFT_NUMBER = 1


class Plain(NamedTuple):
    """An award that no limit is over: it is due unless its event was taken back."""

    award_id: str
    event_uid: str
    member_id: str
    rule_id: str
    score: str
    points: int
    event_time: datetime
    day: date
    expires_at: datetime | None


class Due(NamedTuple):
    """What a rule gives a member for an event after all; below 0 it takes."""

    award_id: str
    member_id: str
    rule_id: str
    score: str
    points: int
    event_time: datetime
    day: date
    expires_at: datetime | None


class Said(NamedTuple):
    """What was said of an event last, taken back or restored, and when that was received."""

    word: Word
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Side:
    """A programme that the log goes through: versions in force one after the other, or a draft alone.

    `programmes` are their documents by number.
    """

    title: str
    versions: Sequence[CompiledVersion]
    programmes: Mapping[int, Programme]

    @classmethod
    def of_draft(cls, title: str, programme: Programme) -> "Side":
        """A draft, as if it had always been in force."""
        version = compile_version(programme, DRAFT_NUMBER, _BEGINNING)
        return cls(title, [version], {DRAFT_NUMBER: programme})

    @property
    def newest(self) -> Programme | None:
        """The programme as it is in the end; None where there was none."""
        return self.programmes[max(self.programmes)] if self.programmes else None


@dataclass(slots=True)
class Found:
    """What a side has for a piece of the log."""

    claims: list[Claim] = field(default_factory=list)
    plains: list[Plain] = field(default_factory=list)
    #: By rule and reason, what was declined before limits were looked at.
    declined: Counter[tuple[str, str]] = field(default_factory=Counter)
    without_version: int = 0

    def add(self, other: "Found") -> None:
        """Append what was found in a piece that follows."""
        self.claims += other.claims
        self.plains += other.plains
        self.declined.update(other.declined)
        self.without_version += other.without_version


def words_in(events: Iterable[AcceptedEvent]) -> dict[str, Said]:
    """The last that was said of each event, by uid: by event time, then id, then uid."""
    found: dict[str, Said] = {}
    for event in events:
        if event["type"] in TARGETING_TYPES:
            word = Word(
                event["time"].astimezone(UTC),
                event["id"],
                event["uid"],
                event["type"] == RETRACTED_TYPE,
                event.get("member"),
            )
            add_word(found, event["targetuid"], Said(word, event["receivedat"]))
    return found


def add_word(words: dict[str, Said], uid: str, said: Said) -> None:
    """Keep of two things said of an event the one that counts."""
    before = words.get(uid)
    if before is None or said.word[:3] > before.word[:3]:
        words[uid] = said


def replay(events: Sequence[AcceptedEvent], side: Side, told: Told, known: Known) -> Found:
    """What a side has for events, which are each there once; what is said of others is passed over."""
    found = Found()
    versions = {told.community: side.versions}
    for heads, piece in told.persons.slices(events):
        asked = questions(piece, versions, known, heads)
        answers = {key: answers_of(question) for key, question in asked.items()}
        matched = match(piece, versions, answers, known, heads)
        made = make(matched.candidates, {}, heads=heads, standing=told.standing)
        found.claims += made.claims
        found.plains += [
            Plain(
                one.award_id,
                one.event_uid,
                one.member_id,
                one.rule_id,
                one.score or SPENDABLE,
                one.points,
                one.event_time,
                one.day or one.event_time.date(),
                one.expires_at,
            )
            for one in made.awards
        ]
        found.declined.update((one.rule_id, one.reason) for one in matched.declined)
        found.without_version += matched.without_version
    return found


def answers_of(question: Question) -> dict[str, Answer]:
    """What a dear condition says: this process has nobody else waiting for it, and a limit of its own."""
    condition = Condition(compiled(question.condition.text), question.condition.variables)
    return {
        uid: holds(condition, context_of(event, question.condition.variables, question.members.get(uid, {})))
        for uid, event in question.events.items()
    }


@dataclass(frozen=True, slots=True)
class Settled:
    """What a side gives after all, and its claims, which say why not more."""

    due: list[Due]
    claims: list[Claim]
    retracted: int


def settle_all(found: Found, side: Side, told: Told, words: Mapping[str, Said]) -> Settled:
    """Let all claims hear what was said of their events, and give them their room and what campaigns have."""
    claims = found.claims
    for claim in claims:
        if (said := words.get(claim.event_uid)) is not None:
            heads = told.persons.at(max(claim.received_at, said.received_at))
            claim.hear(said.word.heard_by(claim.community, claim.member_id, heads))
        if claim.award_id in told.withheld:
            claim.withheld = Withheld.HELD
    graced(claim for claim in claims if claim.corrected_on is not None)
    settle(claims, (), {name: Window() for claim in claims for name in claim.windows})
    for campaign_id in sorted({claim.campaign for claim in claims if claim.campaign is not None}):
        of_versions = {
            number: campaign
            for number, programme in side.programmes.items()
            for campaign in programme.campaigns or ()
            if campaign.id == campaign_id
        }
        give([claim for claim in claims if claim.campaign == campaign_id], of_versions, Books())
    due = [_due_of(claim) for claim in claims if claim.due]
    retracted = 0
    for one in found.plains:
        said = words.get(one.event_uid)
        if said is not None and said.word.is_retraction:
            retracted += 1
        elif one.award_id not in told.withheld:
            due.append(Due(one.award_id, *one[2:]))
    return Settled(due, claims, retracted)


def _due_of(claim: Claim) -> Due:
    return Due(
        claim.award_id,
        claim.member_id,
        claim.rule_id,
        claim.terms.score_id,
        claim.due,
        claim.event_time,
        claim.local_day,
        claim.terms.expires_at,
    )
