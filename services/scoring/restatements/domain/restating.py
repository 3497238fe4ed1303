"""What becomes of awards that stand when a version of the programme is applied to their events.

Each award of an event is what the version has for it, as if the event had been scored by it, and gets its room
among all others of its windows anew. So what awards amount to follows from the version, the events and what was
said of them, and from nothing that was posted before: restated twice is restated once.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from services.scoring.awards.domain.awards import Award, Earned, as_claim, of_claim, restated_award_id
from services.scoring.limits.domain.allotting import Window, settle
from services.scoring.limits.domain.claims import Claim, Cut, State, Terms, Withheld, Word
from services.scoring.limits.domain.corrections import CorrectionDay, correction_day, graced
from services.scoring.voids.domain import Standing as Voids
from services.scoring.voids.domain import Voided
from shared.contracts.programme import SPENDABLE

#: Uid and time of an event.
TimedUid = tuple[str, datetime]
_NO_CONTENTS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(slots=True)
class Part:
    """Awards that are restated in one transaction: what the version has for `events`, and what it has no more.

    `gone` are the ids of awards that stand and that it gives nothing for; `contents` what events are about, by
    uid.
    """

    claims: list[Claim] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    events: list[TimedUid] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)

    @property
    def awards_count(self) -> int:
        """How many awards are looked at together, beside those that share limits with them."""
        return len(self.claims) + len(self.gone)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of events: claims by award, and all that was told of awards, claims' too."""

    claims: Mapping[str, Claim]
    earned: Mapping[str, Earned]


class Replaced(NamedTuple):
    """A claim, and what it was before; None for what there was not."""

    before: Claim | None
    after: Claim


@dataclass(slots=True)
class Outcome:
    """What restating awards comes to: claims in place of others, and those beside that have another room.

    `voided` are those of what is new that something takes which earns nothing.
    """

    replaced: list[Replaced]
    beside: list[Claim]
    windows: dict[bytes, Window]
    voided: list[Voided] = field(default_factory=list)

    def awards(self, restatement_id: str) -> list[Award]:
        """The awards and amendments that tell it; the claims are told with them. What becomes less comes first."""
        told = [of_claim(one.after, "restated") for one in self.replaced]
        told += [of_claim(claim, "limit") for claim in self.beside]
        found = [
            award._replace(restatement_id=restatement_id, is_backfill=True, traceparent=None)
            for award in told
            if award is not None
        ]
        return sorted(found, key=lambda award: (award.points > 0, award.award_id))


def replacements(part: Part, standing: Standing) -> list[Replaced]:
    """What of a part becomes something else: what it is already, stays."""
    found: list[Replaced | None] = []
    gone, kept = set(part.gone), set()
    for claim in part.claims:
        target = claim
        first = standing.earned.get(claim.award_id)
        looked_at = standing.claims.get(claim.award_id)
        if first is not None and not _is_alike(first.award, looked_at, claim):
            # An award keeps its score and whose budget pays it, and never turns from given to taken.
            gone.add(claim.award_id)
            made_id = restated_award_id(
                claim.award_id,
                score_id=claim.terms.score_id,
                takes=_takes(claim),
                campaign=claim.campaign,
            )
            target = replace(claim, award_id=made_id)
        kept.add(target.award_id)
        found.append(_replaced(target, standing, withheld=None if looked_at is None else looked_at.withheld))
    found += [_emptied(award_id, standing) for award_id in sorted(gone - kept)]
    return [one for one in found if one is not None]


def _takes(claim: Claim) -> bool:
    return claim.pace is not None and claim.pace.takes


def _is_alike(first: Award, standing: Claim | None, claim: Claim) -> bool:
    is_same_kind = (first.score or SPENDABLE) == claim.terms.score_id and (first.points < 0) == _takes(claim)
    # What no limit is over, and no campaign, stands without a claim.
    return is_same_kind and (None if standing is None else standing.campaign) == claim.campaign


def is_plain(claim: Claim) -> bool:
    """Whether it gives its points whatever else there is."""
    return not claim.windows and claim.pace is None and claim.campaign is None and claim.void is None


def _replaced(claim: Claim, standing: Standing, *, withheld: Withheld | None) -> Replaced | None:
    """A claim in place of what stands, `withheld` as the award that its rule has for the event is."""
    before = standing.claims.get(claim.award_id)
    earned = standing.earned.get(claim.award_id)
    if before is None and earned is not None:
        if is_plain(claim) and claim.weight == earned.award.points:
            return None
        before = as_claim(earned, None, None)
    if before is None:
        return Replaced(None, replace(claim, told=0, revision=None, traceparent=None, withheld=withheld))
    is_same_campaign = before.campaign is not None and before.campaign == claim.campaign
    after = replace(
        claim,
        told=before.told,
        revision=before.revision,
        traceparent=None,
        is_backfill=before.is_backfill,
        ceiling=before.ceiling if is_same_campaign else claim.ceiling,
        ceiling_by=before.ceiling_by if is_same_campaign else claim.ceiling_by,
        withheld=withheld,
        void=before.void or claim.void,
        # What was told of it says when its points are there and when they expire.
        terms=claim.terms if earned is None else _terms_of(earned.award),
    )
    return None if _content(before) == _content(after) else Replaced(before, after)


def _terms_of(award: Award) -> Terms:
    return Terms(award.score, award.available_at, award.expires_at)


def _content(claim: Claim) -> tuple[object, ...]:
    """All that a version says of a claim."""
    return (
        claim.limited_id if claim.windows else claim.member_id,
        claim.weight,
        claim.is_actors,
        (claim.grace_seconds, claim.grace_count) if claim.windows else (),
        claim.is_heaviest_first,
        claim.windows,
        claim.bounds,
        claim.is_shared if claim.windows else False,
        claim.pace,
        claim.campaign,
    )


def _emptied(award_id: str, standing: Standing) -> Replaced | None:
    """An award that comes to nothing, whatever is said of its event from now on: its campaign is given back."""
    before, earned = standing.claims.get(award_id), standing.earned.get(award_id)
    if before is None and earned is not None:
        before = as_claim(earned, None, None)
    if before is None or before.weight == 0:
        return None
    after = replace(
        before,
        weight=0,
        grace_seconds=0,
        is_heaviest_first=False,
        windows=(),
        bounds=(),
        is_shared=False,
        pace=None,
        traceparent=None,
    )
    return Replaced(before, after)


def voided_by(replaced: Iterable[Replaced], voids: Voids, contents: Mapping[str, str]) -> list[Voided]:
    """Have what is new be void by what stands now, as if it were scored now; `contents` are by event."""
    found = []
    for claim in (one.after for one in replaced if one.before is None):
        claim.void = None
        if _takes(claim):
            # What is taken stays taken: a void is about earning.
            continue
        content_id = contents.get(claim.event_uid)
        for void in voids.over_content(claim.community, content_id, claim.member_id, claim.event_time):
            claim.void = claim.void or void.why
            found.append(
                Voided(*claim.key, void.void_id, void.why, claim.member_id, claim.event_uid, claim.event_time)
            )
    return found


def heard(replaced: Iterable[Replaced], words: Mapping[str, Word], whys: Mapping[str, str]) -> None:
    """Have claims be what was said of their events makes of them, by award, and what takes them that is void."""
    for one in replaced:
        if one.before is not None:
            one.after.void = whys.get(one.after.award_id)
        one.after.hear(words.get(one.after.award_id))


def days_corrected(replaced: Iterable[Replaced]) -> Counter[CorrectionDay]:
    """The days whose grace may be another's by what is replaced, and by how many claims."""
    claims = [claim for one in replaced for claim in one if claim is not None and claim.grace_seconds > 0]
    return Counter(correction_day(claim) for claim in claims)


def settle_anew(replaced: list[Replaced], beside: Sequence[Claim]) -> Outcome:
    """Give claims in place of others, and all `beside` them in their windows, the room that they have now."""
    claims = [*(one.after for one in replaced), *beside]
    before = [_has(claim) for claim in beside]
    # Of other days not all that was corrected is known here: whoever has their grace keeps it.
    days = days_corrected(replaced)
    graced(claim for claim in claims if claim.corrected_on is not None and correction_day(claim) in days)
    names = {name for claim in claims for name in claim.windows}
    names |= {name for one in replaced if one.before is not None for name in one.before.windows}
    windows = {name: Window(is_changed=True) for name in names}
    for claim in claims:
        claim.is_counted, claim.room, claim.summed, claim.cut = False, 0, 0, None
    settle(claims, (), windows)
    moved = [claim for claim, had in zip(beside, before, strict=True) if _has(claim) != had]
    return Outcome(replaced, moved, windows)


def _has(claim: Claim) -> tuple[State, bool, bool, int, int, Cut | None, int]:
    return (
        claim.state,
        claim.is_counted,
        claim.is_settled,
        claim.room,
        claim.summed,
        claim.cut,
        claim.due,
    )


def reversal_of(replaced: Iterable[Replaced]) -> Part:
    """What has to be restated for awards to be what they were before; of what was new nothing is left."""
    part = Part()
    events: set[TimedUid] = set()
    for before, after in replaced:
        events.add((after.event_uid, after.event_time))
        if before is None or before.weight == 0:
            part.gone.append(after.award_id)
        else:
            part.claims.append(before)
    part.events = sorted(events)
    return part


def parts_of(
    claims: Iterable[Claim], standing: Iterable[Claim], *, most: int, contents: Mapping[str, str] = _NO_CONTENTS
) -> list[Part]:
    """What a version has for events, and what stands of them, cut where no member's limits are cut.

    A part has `most` awards, or more where they are of one member or of those who share a limit.
    """
    fresh = {claim.award_id: claim for claim in claims}
    stands = {claim.award_id: claim for claim in standing}
    leads: dict[str, str] = {}

    def lead(holder: str) -> str:
        while leads.setdefault(holder, holder) != holder:
            leads[holder] = leads[leads[holder]]
            holder = leads[holder]
        return holder

    for award_id in fresh.keys() & stands.keys():
        first, second = sorted((lead(fresh[award_id].limited_id), lead(stands[award_id].limited_id)))
        leads[second] = first
    by_lead: dict[str, list[str]] = {}
    for award_id, claim in sorted({**stands, **fresh}.items()):
        by_lead.setdefault(lead(claim.limited_id), []).append(award_id)
    parts: list[Part] = []
    count = most
    for _, award_ids in sorted(by_lead.items()):
        if count + len(award_ids) > most:
            parts.append(Part())
            count = 0
        count += len(award_ids)
        part, timed = parts[-1], set(parts[-1].events)
        for award_id in award_ids:
            claim = fresh.get(award_id) or stands[award_id]
            timed.add((claim.event_uid, claim.event_time))
            if claim.event_uid in contents:
                part.contents[claim.event_uid] = contents[claim.event_uid]
            part.claims += [claim] if award_id in fresh else []
            part.gone += [] if award_id in fresh else [award_id]
        part.events = sorted(timed)
    return parts


def only_of(claims: Iterable[Claim], persons: Collection[str] | None, heads: Mapping[str, str]) -> list[Claim]:
    """Claims of these persons alone, by whom members are merged into; all of them where it is said of none."""
    return [claim for claim in claims if persons is None or heads.get(claim.member_id, claim.member_id) in persons]
