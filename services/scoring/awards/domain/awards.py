"""Awards: candidates become awards or claims, each award with an id that makes it exist once, and amendments.

An award never changes. What it amounts to does, when its event is taken back or restored, or when others change
the room that it has under a limit: then an amendment is told, which names the award and what it amounts to from
now on.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha1
from types import MappingProxyType
from typing import Literal, NamedTuple
from uuid import UUID

from services.scoring.limits.domain.claims import PLAIN_TERMS, Claim, Heads, Terms, Word
from services.scoring.limits.domain.windows import Holder
from services.scoring.rules.domain.matching import Candidate
from services.scoring.signals.domain.acts import withheld_by
from services.scoring.signals.domain.cases import Held
from services.scoring.voids.domain import NOTHING_STANDS, Standing, Voided, Why
from shared.contracts.award_ids import AWARD_PREFIX_LENGTH, award_prefix
from shared.contracts.backfill import is_backfill
from shared.contracts.fields import SLUG_MAX_CHARS, Timestamp, Uuid
from shared.contracts.programme import Slot

#: What an award is for is hashed under this namespace; it must never change.
AWARD_NAMESPACE = UUID("6f6c1f0e-6b0d-5d0a-9a53-2f8f5a7f0b11")
_NAMESPACE_BYTES = AWARD_NAMESPACE.bytes

#: The awards of an event are made one after the other, and begin with the same.
_award_prefix = lru_cache(maxsize=1)(award_prefix)

#: Community and uid of an event.
EventKey = tuple[str, str]

#: Why an award amounts to something else.
Cause = Literal["retracted", "restored", "limit", "held", "released", "upheld", "suspended", "quality", "restated"]


class Award(NamedTuple):
    """Points for a member, or an amendment: what is added to an award, or taken from it (the four that are None
    else). Points below 0 are taken.

    `score` is which they are of, where it is not the one that can be spent; they are available and expire when the
    rule says so, where it does. `day` and `week` are what the event says of them: None goes without saying
    (shared/contracts/fields.py).
    """

    community: str
    award_id: str
    member_id: str
    points: int
    rule_id: str
    beneficiary: Slot
    programme_id: str
    programme_version: int
    event_uid: str
    event_type: str
    event_time: datetime
    received_at: datetime
    day: date | None
    week: date | None
    amends: str | None
    revision: int | None
    cause: Cause | None
    total: int | None
    score: str | None
    available_at: datetime | None
    expires_at: datetime | None
    traceparent: str | None
    is_backfill: bool = False
    #: Whose budget it was taken from, if its rule is of a campaign.
    campaign: str | None = None
    #: Which restatement made it, where one did.
    restatement_id: str | None = None


class RecordedAward(NamedTuple):
    """An award as it was recorded, which keeps no traceparent, mark of backfill and campaign, and when."""

    award: Award
    recorded_at: datetime


class RestatedBy(NamedTuple):
    """A restatement that changed awards: which version it applied, and why."""

    restatement_id: str
    version: int
    reason: str


class AwardPlace(NamedTuple):
    """Where an award stands in a list of them: by event time, then id."""

    event_time: Timestamp
    award_id: Uuid


class RulePoints(NamedTuple):
    """What a member has from one rule, of one score: points, awards that make them, how often one was amended."""

    rule_id: str
    points: int
    awards: int
    amendments: int
    score: str


class Told(NamedTuple):
    """What was told last of an award: what it amounts to, how often it was amended, by which version it came."""

    total: int
    revision: int
    programme_version: int


class Earned(NamedTuple):
    """An award with what was told of it last."""

    award: Award
    total: int
    revision: int


class Made(NamedTuple):
    """What becomes of a batch's candidates: awards at once, and claims whose room is still to be found.

    `voided` are those of the claims that something takes which earns nothing.
    """

    awards: list[Award]
    claims: list[Claim]
    voided: list[Voided]


def rule_id_of(kind: str, id_: str) -> str:
    """What stands where awards name their rule: no rule, but what was granted."""
    return f"{kind}-{id_}"[:SLUG_MAX_CHARS]


def award_id(
    *, community: str, rule_id: str, beneficiary: Slot, event_uid: str, member_id: str, event_time: datetime
) -> str:
    """The id of an award: the same for a retry, a rescoring and another version of the programme.

    `event_time` is that of the event as it was accepted.
    """
    return _award_id(event_uid, event_time, f"{community}|{rule_id}|{beneficiary}|{event_uid}|{member_id}")


def award_id_of(candidate: Candidate) -> str:
    """The id of the award that a candidate would be."""
    event, rule = candidate.event, candidate.rule
    uid = event["uid"]
    # Named here, too: every candidate asks for one, and six named arguments take a tenth of the engine's time.
    name = f"{event['community']}|{rule.id}|{rule.beneficiary}|{uid}|{candidate.member_id}"
    return _award_id(uid, candidate.event_time, name)


def _award_id(event_uid: str, event_time: datetime, name: str) -> str:
    return _award_prefix(event_uid, event_time) + _hashed(name)


def amendment_id(amended_award_id: str, revision: int) -> str:
    """The id of the amendment of an award with that revision; it begins as the award's does."""
    return amended_award_id[:AWARD_PREFIX_LENGTH] + _hashed(f"amendment|{amended_award_id}|{revision}")


def restated_award_id(first_award_id: str, *, score_id: str, takes: bool, campaign: str | None) -> str:
    """The id of what a restatement gives in place of an award of another score or campaign, or instead of taking.

    It begins as the award's does: that one comes to nothing and keeps its id.
    """
    kind = "takes" if takes else "gives"
    paid_by = "" if campaign is None else f"|{campaign}"
    return first_award_id[:AWARD_PREFIX_LENGTH] + _hashed(f"restated|{first_award_id}|{score_id}|{kind}{paid_by}")


def _hashed(name: str) -> str:
    """48 bits of SHA-1 under AWARD_NAMESPACE: they tell an event's own awards apart."""
    return sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest()[:12]


def make(
    candidates: Iterable[Candidate],
    words: Mapping[EventKey, Word],
    told: Mapping[EventKey, Mapping[str, Told]] | None = None,
    heads: Heads = MappingProxyType({}),
    standing: Standing = NOTHING_STANDS,
    held: Held = MappingProxyType({}),
) -> Made:
    """Turn candidates into awards and claims, in their order, which is that of the events.

    What no limit is over, and nobody took back, is an award. `words` are the last that was said of events. `told`
    has what was read back of events that were scored before; what was given then is not given again. Of an event
    that was scored under a version which the database no longer has, nothing else is given: that version alone
    would say what. `standing` are the voids that may be over them. What is `held` is a claim that
    amounts to nothing until it is released.
    """
    made = Made([], [], [])
    for candidate in candidates:
        event, rule = candidate.event, candidate.rule
        key = (event["community"], event["uid"])
        made_id = award_id_of(candidate)
        known = told.get(key) if told else None
        given = known.get(made_id) if known else None
        if (
            known
            and given is None
            and any(earlier.programme_version != candidate.version.number for earlier in known.values())
        ):
            continue
        word = words.get(key) if words else None
        # What a campaign gives it has to know of, also where no limit is over it.
        is_budgeted = rule.campaign is not None
        withheld = withheld_by(candidate, held) if held else None
        # What is taken stays taken: a void is about earning.
        takes = candidate.pace is not None and candidate.pace.takes
        over = () if takes else standing.over(event, candidate.member_id, candidate.event_time)
        is_plain = not candidate.windows and not is_budgeted and not over and withheld is None
        if is_plain and (word is None or not word.is_retraction):
            if given is None:
                made.awards.append(_award(candidate, made_id))
            continue
        claim = _claim(candidate, made_id)
        claim.withheld = withheld
        for void in over:
            claim.void = claim.void or void.why
            made.voided.append(
                Voided(key[0], made_id, void.void_id, void.why, claim.member_id, key[1], candidate.event_time)
            )
        # Of what nobody said anything it is live, as it was made.
        if over or word is not None:
            claim.hear(word and word.heard_by(key[0], claim.member_id, heads))
        if given is not None:
            claim.told, claim.revision = given.total, given.revision
        made.claims.append(claim)
    return made


def _award(candidate: Candidate, made_id: str) -> Award:
    event, event_time, received_at, version, rule, member_id, _, _, _, points, _ = candidate
    terms = PLAIN_TERMS if rule.lasting is None else rule.lasting.terms(event_time)
    return Award(
        event["community"],
        made_id,
        member_id,
        points,
        rule.id,
        rule.beneficiary,
        version.programme_id,
        version.number,
        event["uid"],
        event["type"],
        event_time,
        received_at,
        event.get("day"),
        event.get("week"),
        None,
        None,
        None,
        None,
        *terms,
        event.get("traceparent"),
        is_backfill(event),
    )


def as_claim(earned: Earned, word: Word | None, void: Why | None) -> Claim:
    """An award that no limit is over as a claim, so that it can be withheld.

    `word` was said of its event last, and by `void` it earns nothing.
    """
    award = earned.award
    claim = Claim(
        award.community,
        award.award_id,
        award.member_id,
        award.member_id,
        award.event_uid,
        award.event_uid,
        award.event_type,
        award.event_time,
        award.received_at,
        award.day,
        award.week,
        award.rule_id,
        award.beneficiary,
        award.programme_id,
        award.programme_version,
        award.points,
        award.beneficiary == "actor",
        0,
        False,
        (),
        (),
        told=earned.total,
        revision=earned.revision,
        terms=Terms(award.score, award.available_at, award.expires_at),
        void=void,
    )
    claim.hear(word)
    return claim


def _claim(candidate: Candidate, made_id: str) -> Claim:
    event, event_time, received_at, version, rule, member_id, limited_id, windows, bounds, points, pace = candidate
    return Claim(
        event["community"],
        made_id,
        member_id,
        limited_id,
        event["uid"],
        event["id"],
        event["type"],
        event_time,
        received_at,
        event.get("day"),
        event.get("week"),
        rule.id,
        rule.beneficiary,
        version.programme_id,
        version.number,
        points,
        member_id == event.get("member"),
        rule.grace_seconds,
        rule.is_heaviest_first,
        windows,
        bounds,
        grace_count=rule.grace_count,
        traceparent=event.get("traceparent"),
        is_backfill=is_backfill(event),
        is_shared=rule.holder is not Holder.MEMBER,
        pace=pace,
        terms=PLAIN_TERMS if rule.lasting is None else rule.lasting.terms(event_time),
        campaign=None if rule.campaign is None else rule.campaign.id,
    )


def of_claim(claim: Claim, cause: Cause) -> Award | None:
    """The award that a claim makes, or its amendment, if it amounts to something else than was told of it.

    The claim is told with that.
    """
    due = claim.due
    points = due - claim.told
    if points == 0:
        return None
    award = Award(
        claim.community,
        claim.award_id,
        claim.member_id,
        points,
        claim.rule_id,
        claim.slot,
        claim.programme_id,
        claim.programme_version,
        claim.event_uid,
        claim.event_type,
        claim.event_time,
        claim.received_at,
        claim.day,
        claim.week,
        None,
        None,
        None,
        None,
        *claim.terms,
        claim.traceparent,
        claim.is_backfill,
        claim.campaign,
    )
    claim.told = due
    claim.revision = 0 if claim.revision is None else claim.revision + 1
    return award if claim.revision == 0 else _amending(award, claim.revision, cause, due)


def amended(
    earned: Earned,
    word: Word | None,
    traceparent: str | None,
    is_backfill: bool = False,
    *,
    void: Why | None = None,
) -> Award | None:
    """What changes an award that no limit is over when its event is taken back or restored; None for nothing.

    So it is when something takes it that earns nothing (`void`), or does not any more.
    """
    is_retracted = word is not None and word.is_retraction
    due = 0 if is_retracted or void is not None else earned.award.points
    if due == earned.total:
        return None
    award = earned.award._replace(points=due - earned.total, traceparent=traceparent, is_backfill=is_backfill)
    cause: Cause = "retracted" if is_retracted else "restored" if void is None else void.value
    return _amending(award, earned.revision + 1, cause, due)


def for_content(earned: Earned | None, *, of_new: Award, due: int) -> Award | None:
    """What good content gives its author, or changes of that; None for nothing. `of_new` is the award at first."""
    if earned is None:
        return of_new._replace(points=due) if due else None
    if due == earned.total:
        return None
    return _amending(earned.award._replace(points=due - earned.total), earned.revision + 1, "quality", due)


def _amending(award: Award, revision: int, cause: Cause, total: int) -> Award:
    """An amendment says what its award says, its event time too: the score at any time has what is due now."""
    return award._replace(
        award_id=amendment_id(award.award_id, revision),
        amends=award.award_id,
        revision=revision,
        cause=cause,
        total=total,
    )
