"""Why events earned what they did, of all that is kept of them: several at once, for lists of them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.scoring.awards import store
from services.scoring.awards.api.models import (
    AttributeReadItem,
    AwardItem,
    CalculatedItem,
    DeclinedItem,
    Explanation,
    RestatedItem,
    RuleSaid,
)
from services.scoring.awards.domain.activities import UNMARKED, Marks
from services.scoring.awards.domain.awards import RecordedAward, RestatedBy, rule_id_of
from services.scoring.awards.domain.reasons import why_less
from services.scoring.limits.store.claims import load_claims_of_events
from services.scoring.programmes.store.versions import load_documents
from services.scoring.rules.domain.attributes import AttributeRead
from services.scoring.rules.domain.declining import Calculated, Declined
from services.scoring.rules.store import load_calculated, load_declined, load_read
from shared.contracts.programme import Slot
from shared.http.pages import PAGE_MAX_COUNT
from shared.postgres import Connection
from shared.programme_changes import called


@dataclass(frozen=True)
class Explained:
    """What is known of some events of a community, by their uids."""

    marks: Mapping[str, Marks]
    awards: Mapping[str, Sequence[RecordedAward]]
    declined: Mapping[str, Sequence[Declined]]
    read: Mapping[str, Sequence[AttributeRead]]
    calculated: Mapping[str, Sequence[Calculated]]
    rules: Mapping[tuple[int, str], Mapping[str, Any]]
    member_ids: Sequence[str]
    restatements: Mapping[str, RestatedBy] = field(default_factory=dict)

    def is_seen(self, uid: str) -> bool:
        """Whether scoring has seen the event, or what was said of it."""
        return uid in self.marks

    def of(self, uid: str, *, member_id: str | None = None, slots: Collection[Slot] | None = None) -> Explanation:
        """Why one of them earned what it did; with `member_id` only that member's, in these slots."""
        marks = self.marks.get(uid, UNMARKED)
        awards, declined = self.awards.get(uid, ()), self.declined.get(uid, ())
        read, calculated = self.read.get(uid, ()), self.calculated.get(uid, ())
        if member_id is not None:
            awards = [one for one in awards if one.award.member_id == member_id]
            declined = [one for one in declined if one.beneficiary in (slots or ())]
            read = [one for one in read if one.member_id == member_id]
            calculated = [one for one in calculated if one.beneficiary in (slots or ())]
        behind = [(one.award.programme_version, one.award.rule_id) for one in awards]
        behind += [(one.programme_version, one.rule_id) for one in declined if one.programme_version is not None]
        restated = dict.fromkeys(one.award.restatement_id for one in awards)
        return Explanation(
            event_uid=UUID(uid),
            scored=marks.scored,
            retracted=marks.retracted,
            awards=[AwardItem.of(one) for one in awards],
            declined=[DeclinedItem.of(one) for one in declined],
            attributes=[AttributeReadItem.of(one) for one in read],
            calculated=[CalculatedItem.of(one) for one in calculated],
            rules=[RuleSaid.of(key[0], self.rules[key]) for key in dict.fromkeys(behind) if key in self.rules],
            restatements=[
                RestatedItem.of(self.restatements[one])
                for one in restated
                if one is not None and one in self.restatements
            ],
        )


async def explain(conn: Connection, *, community: str, uids: Collection[str]) -> Explained:
    """All that is known of why events of a community earned what they did."""
    found = await store.load_marks(conn, events=[(community, uid) for uid in uids])
    marks = {uid: of_one for (_, uid), of_one in found.items()}
    keys = [(community, uid, one.event_time) for uid, one in marks.items() if one.event_time is not None]
    awards = await store.load_event_awards(conn, events=keys, limit_count=PAGE_MAX_COUNT)
    claims = await load_claims_of_events(conn, events=keys)
    declined = await load_declined(conn, community=community, event_uids=uids)
    read = await load_read(conn, community=community, event_uids=uids)
    numbers = {claim.programme_version for claim in claims}
    numbers |= {one.award.programme_version for one in awards}
    numbers |= {one.programme_version for one in declined if one.programme_version is not None}
    documents = await load_documents(conn, community=community, numbers=numbers) if numbers else {}
    declined += [one for claim in claims if (one := why_less(claim, documents.get(claim.programme_version)))]
    awards_by_uid: dict[str, list[RecordedAward]] = defaultdict(list)
    declined_by_uid: dict[str, list[Declined]] = defaultdict(list)
    read_by_uid: dict[str, list[AttributeRead]] = defaultdict(list)
    for award in awards:
        awards_by_uid[award.award.event_uid].append(award)
    for why in declined:
        declined_by_uid[why.event_uid].append(why)
    calculated_by_uid: dict[str, list[Calculated]] = defaultdict(list)
    for came_to in await load_calculated(conn, community=community, event_uids=uids):
        calculated_by_uid[came_to.event_uid].append(came_to)
    for attribute in read:
        read_by_uid[attribute.event_uid].append(attribute)
    restated = {one.award.restatement_id for one in awards if one.award.restatement_id is not None}
    return Explained(
        marks,
        awards_by_uid,
        declined_by_uid,
        read_by_uid,
        calculated_by_uid,
        {
            (number, one["id"]): one
            for number, document in documents.items()
            for one in (
                *called(document)["rules"],
                *(document.get("manual") or {}).get("reasons", ()),
                *_granted(document),
            )
        },
        [
            *(one.award.member_id for one in awards),
            *(claim.member_id for claim in claims),
            *(attribute.member_id for attribute in read),
        ],
        await store.load_restatements(conn, community=community, restatement_ids=restated) if restated else {},
    )


def _granted(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What of a programme is granted, under what awards that come with it say in place of a rule."""
    recognition = document.get("recognition") or {}
    for kind in ("badge", "level", "quest", "board"):
        for one in recognition.get(f"{kind}s", ()):
            yield {"id": rule_id_of(kind, one["id"]), "title": one["title"]}
