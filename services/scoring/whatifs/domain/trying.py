"""One event goes through a draft by the engine that scores it live: what each rule would give, and why not more.

The event is by itself: room under limits and in budgets is as if nothing else had happened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from services.scoring.awards.domain.awards import make
from services.scoring.awards.domain.reasons import why_less
from services.scoring.campaigns.domain.books import Books, give
from services.scoring.limits.domain.allotting import Window, settle
from services.scoring.limits.domain.claims import Heads, Word
from services.scoring.limits.domain.corrections import graced
from services.scoring.limits.domain.declared import declared
from services.scoring.programmes.domain.reading import document_of
from services.scoring.rules.domain.attributes import AttributeRead
from services.scoring.rules.domain.compiling import CompiledVersion, compile_version
from services.scoring.rules.domain.declining import Calculated, Declined
from services.scoring.rules.domain.matching import Matched
from services.scoring.rules.domain.values import Met, values_met
from services.scoring.voids.domain import Standing
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import SPENDABLE, Programme, Slot

#: The number that a draft's version has here; no other is beside it.
DRAFT_NUMBER = 1
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class EventNotFoundError(ValueError):
    """The event is not in the part of the log that was looked through: `count` records from `since` on."""

    def __init__(self, since: datetime, count: int) -> None:
        super().__init__(f"it is not among {count:,} records of the log received from {since.isoformat()} on")


class LogUnreachableError(Exception):
    """The log of events did not answer."""


class Gives(NamedTuple):
    """What a rule would give a member; below 0 it would take."""

    rule_id: str
    beneficiary: Slot
    member_id: str
    score: str
    points: int


@dataclass(slots=True)
class TriedRule:
    """What came of a rule of the draft; one that is not for the event's type `listens` not.

    `met` are the values that its condition met, whatever came of it, and `limits` what is over it, in words.
    """

    rule_id: str
    listens: bool
    gives: list[Gives] = field(default_factory=list)
    declined: list[Declined] = field(default_factory=list)
    read: list[AttributeRead] = field(default_factory=list)
    calculated: list[Calculated] = field(default_factory=list)
    met: Mapping[str, Met] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)


def compiled_draft(programme: Programme) -> CompiledVersion:
    """A draft, as if it had always been in force."""
    return compile_version(programme, DRAFT_NUMBER, _BEGINNING)


def tried(
    event: AcceptedEvent,
    programme: Programme,
    version: CompiledVersion,
    matched: Matched,
    *,
    word: Word | None,
    heads: Heads,
    standing: Standing,
) -> list[TriedRule]:
    """What each rule of the draft comes to, in the order of the draft; `word` was said of the event last."""
    words = {} if word is None else {(event["community"], event["uid"]): word}
    made = make(matched.candidates, words, heads=heads, standing=standing)
    graced(claim for claim in made.claims if claim.corrected_on is not None)
    settle(made.claims, (), {name: Window() for claim in made.claims for name in claim.windows})
    for campaign in programme.campaigns or ():
        of_campaign = [claim for claim in made.claims if claim.campaign == campaign.id]
        give(of_campaign, {DRAFT_NUMBER: campaign}, Books())
    document = document_of(programme)
    rules = _rules(event, programme, version, document)
    for award in made.awards:
        score = award.score or SPENDABLE
        rules[award.rule_id].gives.append(
            Gives(award.rule_id, award.beneficiary, award.member_id, score, award.points)
        )
    for claim in made.claims:
        if claim.due:
            rules[claim.rule_id].gives.append(
                Gives(claim.rule_id, claim.slot, claim.member_id, claim.terms.score_id, claim.due)
            )
        if (less := why_less(claim, document)) is not None:
            rules[claim.rule_id].declined.append(less)
    for declined in matched.declined:
        rules[declined.rule_id].declined.append(declined)
    for read in matched.read:
        rules[read.rule_id].read.append(read)
    for calculated in matched.calculated:
        rules[calculated.rule_id].calculated.append(calculated)
    return list(rules.values())


def _rules(
    event: AcceptedEvent, programme: Programme, version: CompiledVersion, document: Mapping[str, object]
) -> dict[str, TriedRule]:
    compiled = {rule.id: rule for rule in version.rules.get(event["type"], ())}
    limits: Sequence[tuple[frozenset[str], str]] = [
        (frozenset(one.limit.rules), one.limit.words) for one in declared(document)
    ]
    return {
        rule.id: TriedRule(
            rule.id,
            rule.id in compiled,
            met=values_met(event, compiled[rule.id].fields) if rule.id in compiled else {},
            limits=[words for over, words in limits if rule.id in over],
        )
        for rule in programme.rules
    }
