"""What a part comes to against what stands at this moment: read once, then left to the pure core."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from services.scoring.awards import store as award_store
from services.scoring.awards.handlers.rooms import members_of
from services.scoring.campaigns.domain.books import ALL, Books, give, parts_of_claim
from services.scoring.campaigns.store import books as book_store
from services.scoring.limits.domain.claims import Claim, Withheld, Word, head_of
from services.scoring.limits.store.claims import load_claims_of_events, load_claims_of_windows, load_corrected
from services.scoring.limits.store.members import MemberKey
from services.scoring.restatements.domain.restatements import RestatementFailedError, RestatementFailure
from services.scoring.restatements.domain.restating import (
    Outcome,
    Part,
    Replaced,
    Standing,
    days_corrected,
    heard,
    replacements,
    settle_anew,
    voided_by,
)
from services.scoring.voids.domain import NOTHING_STANDS, Voided
from services.scoring.voids.store import find_communities_with_voids, load_standing, load_whys
from shared.contracts.programme import GRACE_MAX_COUNT, Campaign
from shared.merges import load_heads
from shared.postgres import Connection


async def work_out(conn: Connection, part: Part, *, community: str, claims_max_count: int) -> Outcome:
    """What a part comes to now.

    Raises RestatementFailedError when more claims share limits with it than may be looked at together.
    """
    replaced, beside, voided = await _load(conn, part, community=community, claims_max_count=claims_max_count)
    outcome = settle_anew(replaced, beside)
    outcome.voided = voided
    return outcome


async def members_locked_for(
    conn: Connection, part: Part, *, community: str, claims_max_count: int
) -> list[MemberKey]:
    """Whose limits are over a part and over what stands beside it, in the order in which they are locked."""
    replaced, beside, _ = await _load(conn, part, community=community, claims_max_count=claims_max_count)
    before = [one.before for one in replaced if one.before is not None]
    return members_of([*(one.after for one in replaced), *before, *beside])


async def _load(
    conn: Connection, part: Part, *, community: str, claims_max_count: int
) -> tuple[list[Replaced], list[Claim], list[Voided]]:
    marks = await award_store.load_marks(conn, events=[(community, uid) for uid, _ in part.events])
    # What is still to be scored live gets its award there, and is restated after that.
    scored = {uid for (_, uid), mark in marks.items() if mark.scored}
    events = [(community, uid, time) for uid, time in part.events if uid in scored]
    standing = Standing(
        {claim.award_id: claim for claim in await load_claims_of_events(conn, events=events)},
        {one.award.award_id: one for one in await award_store.load_earned(conn, events=events)},
    )
    of_scored = replace(part, claims=[claim for claim in part.claims if claim.event_uid in scored])
    replaced = replacements(of_scored, standing)
    if not replaced:
        return [], [], []
    voided = await _voided(conn, replaced, contents=part.contents, community=community)
    words = {uid: mark.word for (_, uid), mark in marks.items() if mark.word is not None}
    whys = await load_whys(conn, awards=[(community, one.after.award_id) for one in replaced])
    heard(
        replaced,
        await _heard_words(conn, [one.after for one in replaced], words=words, community=community),
        {award_id: why for (_, award_id), why in whys.items()},
    )
    beside = await _beside(conn, replaced, claims_max_count=claims_max_count)
    return replaced, beside, voided


async def _voided(
    conn: Connection, replaced: Sequence[Replaced], *, contents: Mapping[str, str], community: str
) -> list[Voided]:
    """What of new claims is void by what stands now."""
    new = [one.after for one in replaced if one.before is None]
    if not new:
        return []
    standing = NOTHING_STANDS
    if await find_communities_with_voids(conn, communities=[community]):
        heads = await load_heads(conn, keys={(community, claim.member_id) for claim in new})
        standing = await load_standing(
            conn,
            contents={(community, contents[claim.event_uid]) for claim in new if claim.event_uid in contents},
            members={(community, head_of(heads, community, claim.member_id)) for claim in new},
            heads=heads,
        )
    return voided_by(replaced, standing, contents)


async def _heard_words(
    conn: Connection, claims: Collection[Claim], *, words: Mapping[str, Word], community: str
) -> dict[str, Word]:
    """What was said last of the events of claims, as their members hear it, by award."""
    said = [claim for claim in claims if claim.event_uid in words]
    if not said:
        return {}
    keys = {(community, claim.member_id) for claim in said}
    keys |= {(community, by) for word in words.values() if (by := word.by_member) is not None}
    heads = await load_heads(conn, keys=keys)
    return {claim.award_id: words[claim.event_uid].heard_by(community, claim.member_id, heads) for claim in said}


async def _beside(conn: Connection, replaced: list[Replaced], *, claims_max_count: int) -> list[Claim]:
    """All other claims of the windows of these, before and after, and of the windows of those in turn."""
    mine = {one.after.award_id for one in replaced}
    found: dict[str, Claim] = {}
    names = {name for one in replaced for name in one.after.windows}
    names |= {name for one in replaced if one.before is not None for name in one.before.windows}
    days = days_corrected(replaced)
    if days:
        # Who has the grace of a day moves with each that is corrected, or is not any more: also in other windows.
        most_of = {day: GRACE_MAX_COUNT + count for day, count in sorted(days.items())}
        for claim in await load_corrected(conn, most_of=most_of):
            if claim.award_id not in mine:
                found[claim.award_id] = claim
                names.update(claim.windows)
    known: set[bytes] = set()
    while names - known:
        loaded = await load_claims_of_windows(conn, since=dict.fromkeys(names - known))
        known |= names
        for claim in loaded:
            if claim.award_id not in mine:
                found.setdefault(claim.award_id, claim)
                names.update(claim.windows)
        if len(found) > claims_max_count:
            raise RestatementFailedError(RestatementFailure.TOO_ENTANGLED)
    return [found[award_id] for award_id in sorted(found)]


class Asking(NamedTuple):
    """A claim while its campaign is asked for it, and what it is again after that."""

    claim: Claim
    told: int
    withheld: Withheld | None

    def is_over(self) -> None:
        """Have the claim be what it was."""
        self.claim.told, self.claim.withheld = self.told, self.withheld


def spending(outcome: Outcome) -> tuple[list[Claim], list[Asking]]:
    """What campaigns are asked for: claims that are replaced, and those beside; and which of them were withheld.

    On what is withheld a campaign has spent what it would come to: that counts as told until `is_over`.
    """
    asked: list[Claim] = []
    asking: list[Asking] = []
    for before, after in outcome.replaced:
        spent = before.due_if_given if before is not None and before.withheld is not None else 0
        is_left = before is not None and before.campaign != after.campaign
        if before is not None and before.campaign is not None and is_left and spent:
            # Of another campaign is only what was never told: of that nothing was given.
            asked.append(replace(before, room=0, told=spent, withheld=None))
        if after.campaign is None:
            continue
        if after.withheld is not None:
            asking.append(Asking(after, after.told, after.withheld))
            after.told, after.withheld = 0 if is_left else spent, None
        asked.append(after)
    asked += [claim for claim in outcome.beside if claim.campaign is not None]
    return asked, asking


@dataclass(slots=True)
class Foreseen:
    """What campaigns would spend, part after part, while nothing is spent."""

    number: int
    books: dict[str, Books] = field(default_factory=dict)
    parts: set[tuple[str, str]] = field(default_factory=set)
    campaigns: dict[str, Campaign] | None = None

    async def spend(self, conn: Connection, outcome: Outcome, *, community: str) -> None:
        """Give claims of campaigns what there is, as far as that is known before."""
        asked, asking = spending(outcome)
        if self.campaigns is None:
            said = await book_store.load_campaigns(conn, versions=[(community, self.number)])
            self.campaigns = {one.id: one for one in said.get((community, self.number), ())}
        by_campaign: dict[str, list[Claim]] = {}
        for claim in asked:
            if claim.campaign is not None and claim.due != claim.told and claim.withheld is None:
                by_campaign.setdefault(claim.campaign, []).append(claim)
        for campaign_id, claims in sorted(by_campaign.items()):
            books = self.books.setdefault(campaign_id, Books())
            wanted = {ALL, *(name for claim in claims for name in parts_of_claim(claim))}
            new = {name for name in wanted if (campaign_id, name) not in self.parts}
            self.parts |= {(campaign_id, name) for name in new}
            found = await book_store.load_spent(
                conn, parts=[(community, campaign_id, name) for name in sorted(new)]
            )
            books.spent |= found.get((community, campaign_id), {})
            campaign = self.campaigns.get(campaign_id)
            of_versions = {claim.programme_version: campaign for claim in claims if campaign is not None}
            give(claims, of_versions, books)
        for one in asking:
            one.is_over()
