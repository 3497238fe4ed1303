"""Awards change totals, totals change what stands: load, let the domain decide, store, and tell what follows."""

from collections.abc import Iterable, Mapping, Sequence

from services.recognition.boards.handlers import following as boards
from services.recognition.celebrations.domain import Celebration, reached
from services.recognition.celebrations.handlers import celebrate
from services.recognition.leaderboards import store as leaderboards_store
from services.recognition.leaderboards.domain import board_points, of_persons
from services.recognition.metrics import AWARDS, REEVALUATED_MEMBERS
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import (
    NO_PROGRAMME,
    Due,
    Grant,
    ThresholdKey,
    Thresholds,
    holder_changes,
)
from services.recognition.thresholds.handlers import Traced, make_grants
from services.recognition.totals import store
from services.recognition.totals.domain import Group, Member, MemberKey, OwnTotals
from services.recognition.turns.handlers import take_turn
from services.recognition.turns.store import Work
from shared.conditions.criteria import Reads
from shared.contracts.backfill import is_backfill
from shared.contracts.facts import (
    RECOGNITION_FACT,
    AwardData,
    PointsAwarded,
    RecognitionFact,
    RecognitionGranted,
)
from shared.contracts.programme import Gives
from shared.followed_communities import load_calendar
from shared.merges import load_heads, load_persons
from shared.own_facts import ReadBack
from shared.telemetry import observe_ages
from shared.topics import RECOGNITION
from shared.transaction import Transaction

#: Members brought in line with a new programme version in one transaction: awards of the community wait for it.
REEVALUATION_BATCH_COUNT = 500
REEVALUATE_EVERY_SECONDS = 1.0


async def on_awards(tx: Transaction, awards: list[PointsAwarded]) -> None:
    """Add awards and what amends them to their members' totals, and grant or take back what that crosses."""
    communities = {award["community"] for award in awards}
    await thresholds_store.lock_programmes_and_merges(tx.conn, communities=communities)
    # What comes twice in one batch counts once.
    new = {(award["data"]["award_id"], award["community"]): award for award in awards}
    for applied in await store.add_awards(tx.conn, keys=sorted(new)):
        del new[applied]
    if not new:
        return
    in_force = await thresholds_store.load_thresholds(tx.conn, communities=communities)
    earners = {(community, award["data"]["member_id"]) for (_, community), award in new.items()}
    # Whoever is one person with others has their totals in the row of who stays, which workers share: they wait
    # for one another at what that one has itself.
    heads = await load_persons(tx.conn, keys=earners)
    of_heads = {(community, head_id) for (community, _), head_id in heads.items()}
    own = await store.lock_own(tx.conn, keys=heads.keys() | of_heads) if heads else {}
    keys = sorted((earners - heads.keys()) | of_heads)
    members = await store.load_members(tx.conn, keys=keys)
    grants: list[Traced] = []
    celebrated: list[Celebration] = []
    due: dict[MemberKey, Due] = {}
    for (_, community), award in new.items():
        data = award["data"]
        earner = (community, data["member_id"])
        key = (community, heads.get(earner, data["member_id"]))
        if earner in own:
            own[earner].add(data)
        thresholds, effective_from, day = in_force.get(community) or (NO_PROGRAMME, data["event_time"], None)
        member = members.get(key)
        if member is None:
            member = members[key] = Member(*key)
        if member.version != thresholds.version:
            # What a new version grants at once to all is of the past, whenever each is looked at.
            followed = member.follow(thresholds, effective_from, day)
            grants += [Traced(grant, is_backfill=True) for grant in followed]
        if _is_read(data, thresholds.reads):
            change = Due(data["event_time"], data.get("day"), is_backfill(award))
            due[key] = due[key].and_then(change) if key in due else change
        before = member.points
        granted = member.apply(data, thresholds)
        celebrated += _reached(award, member, before, thresholds)
        if granted:
            cause = award.get("traceparent"), is_backfill(award)
            grants += [Traced(grant, *cause) for grant in granted]
    await store.put_members(tx.conn, members=members.values())
    if own:
        await store.put_own(tx.conn, own=own)
    points = board_points(new.values())
    await leaderboards_store.add_points(tx.conn, points=of_persons(points, heads))
    if own:
        await leaderboards_store.add_own_points(
            tx.conn, points={key: one for key, one in points.items() if (key[0], key[3]) in own}
        )
    await boards.add_awards(tx, new.values(), heads=heads, own=own)
    await celebrate(tx, celebrations=celebrated)
    await make_grants(tx, grants=grants)
    if due:
        await thresholds_store.put_due(tx.conn, due=due)
    AWARDS.inc(len(new))
    if grants:
        causes = {one.grant.award_id for one in grants if not one.is_backfill}
        received = (award["data"]["received_at"] for (award_id, _), award in new.items() if award_id in causes)
        observe_ages("grant", received, tx.now)


def _reached(award: PointsAwarded, member: Member, before: int, thresholds: Thresholds) -> list[Celebration]:
    """The milestones that an award of the present takes a member's points to, from so many before."""
    ladders = thresholds.milestones.by_points
    if not ladders or member.points <= before or is_backfill(award):
        return []
    return reached(
        ladders, before, member.points, like=lambda: _celebration_of(award, member, version=thresholds.version)
    )


def _celebration_of(award: PointsAwarded, member: Member, *, version: int) -> Celebration:
    """What is celebrated where an award reaches a milestone, whichever that is."""
    data = award["data"]
    return Celebration(
        community=member.community,
        member_id=member.member_id,
        kind="milestone",
        name="",
        title="",
        event_time=data["event_time"],
        version=version,
        day=data.get("day"),
        award_id=data["award_id"],
        traceparent=award.get("traceparent"),
    )


def _is_read(award: AwardData, reads: Reads) -> bool:
    """Whether badges read what an award changes."""
    score = award.get("score")
    is_points = reads.points or reads.earned_points
    return award["rule_id"] in reads.awards or (is_points if score is None else score in reads.scores)


async def regroup(tx: Transaction, *, community: str, groups: Mapping[str, Sequence[str]]) -> None:
    """Have members be the persons that `groups` say, by who stays: each with the totals of all of its members.

    Nobody applies awards of the community meanwhile: the lock of merges is held.
    """
    keys = {(community, member_id) for group in groups.values() for member_id in group}
    before = await store.load_members(tx.conn, keys=keys)
    own = await store.lock_own(tx.conn, keys=keys)
    # Who was alone until now: what there is is its own.
    alone = sorted(keys - own.keys())
    for key in alone:
        member = before.get(key)
        own[key] = (
            OwnTotals()
            if member is None
            else OwnTotals(
                member.points,
                dict(member.awards_by_rule),
                member.last_award_id,
                dict(member.scores),
                member.granted_points,
            )
        )
    alone_ids = [member_id for _, member_id in alone]
    await boards.regroup(tx, community=community, groups=groups, alone=alone_ids)
    await leaderboards_store.regroup(tx.conn, community=community, groups=groups, alone=alone_ids)
    found = (await thresholds_store.load_thresholds(tx.conn, communities=[community])).get(community)
    day = (await load_calendar(tx.conn, community=community)).said_day(tx.now)
    members: list[Member] = []
    grants: list[Grant] = []
    for head_id, group in sorted(groups.items()):
        member, changes = Member.of_group(
            Group(community, head_id, {member_id: own[(community, member_id)] for member_id in group}),
            before.values(),
            thresholds=NO_PROGRAMME if found is None else found.thresholds,
            cause=f"merges {tx.now.isoformat()}",
            at=tx.now,
            day=day,
        )
        members += [member] if member.last_award_id is not None else []
        grants += changes
    await store.delete_members(tx.conn, community=community, member_ids=[member_id for _, member_id in keys])
    await store.put_members(tx.conn, members=members)
    joint = [(community, member_id) for group in groups.values() if len(group) > 1 for member_id in group]
    await store.put_own(tx.conn, own={key: own[key] for key in joint})
    await make_grants(tx, grants=[Traced(grant) for grant in grants], celebrates=False)


async def on_grants_told(tx: Transaction, facts: list[RecognitionFact]) -> None:
    """Take in grants that were made and that the database has forgotten; the same awards then make them again."""
    told = grants_in(facts)
    grants = [grant_told(fact) for fact in told]
    granted_at = {fact["data"]["grant_id"]: fact["time"] for fact in told}
    new = await thresholds_store.add_grants_as_told(tx.conn, grants=grants, granted_at=granted_at)
    changes = holder_changes([grant for grant in grants if grant.grant_id in new])
    await thresholds_store.add_holders(tx.conn, changes=changes)


def grants_in(facts: Iterable[RecognitionFact]) -> list[RecognitionGranted]:
    """The grants among what was told."""
    return [fact for fact in facts if fact["type"] == "recognition.granted.v1"]


def grant_told(fact: RecognitionGranted) -> Grant:
    """The grant that a fact tells of."""
    data = fact["data"]
    return Grant(
        community=fact["community"],
        grant_id=data["grant_id"],
        member_id=data["member_id"],
        key=ThresholdKey.of_badge(data["id"], data.get("tier"))
        if data["kind"] == "badge"
        else ThresholdKey(data["kind"], data["id"]),
        title=data["title"],
        award_id=data.get("award_id"),
        event_uid=data.get("event_uid"),
        event_time=data["event_time"],
        version=data["programme_version"],
        reverses=data.get("reverses"),
        day=data.get("day"),
        by_hand=data.get("by_hand", False),
        edition=data.get("edition"),
        met=data.get("met"),
        gives=None if (gives := data.get("gives")) is None else Gives.model_validate(gives),
        freed=tuple(data.get("freed", ())),
    )


async def settle(tx: Transaction, facts: list[RecognitionFact]) -> None:
    """Once the awards are read: let what stands of members be what was told, and what is due."""
    by_community: dict[str, set[str]] = {}
    for fact in grants_in(facts):
        by_community.setdefault(fact["community"], set()).add(fact["data"]["member_id"])
    await thresholds_store.put_due_in_force(tx.conn, communities=by_community, now=tx.now)
    for community in sorted(by_community):
        # As the re-evaluation does: nobody applies awards of the community meanwhile.
        await thresholds_store.lock_programme(tx.conn, community)
        in_force = await thresholds_store.load_thresholds(tx.conn, communities=[community])
        told = [(community, member_id) for member_id in sorted(by_community[community])]
        heads = await load_heads(tx.conn, keys=told)
        of_heads = {member_id: heads.get((community, member_id), member_id) for _, member_id in told}
        keys = [(community, head_id) for head_id in sorted(set(of_heads.values()))]
        members = await store.load_members(tx.conn, keys=keys)
        grants: list[Grant] = []
        for member in members.values():
            if community in in_force:
                grants += member.follow(*in_force[community])
        await make_grants(tx, grants=[Traced(grant) for grant in grants], celebrates=False)
        standing = await thresholds_store.load_standing(
            tx.conn, community=community, member_ids=by_community[community]
        )
        settled: list[Grant] = []
        for key in keys:
            member = members.get(key) or Member(*key)
            settled += member.settle(grant for grant in standing if of_heads[grant.member_id] == member.member_id)
        await store.put_members(tx.conn, members=members.values())
        await make_grants(tx, grants=[Traced(grant) for grant in settled], celebrates=False)


READ_BACK = (
    ReadBack((RECOGNITION,), RECOGNITION_FACT, on_grants_told),
    ReadBack((RECOGNITION,), RECOGNITION_FACT, settle, after_inputs=True),
)


async def reevaluate(tx: Transaction) -> bool:
    """Bring the next members in line with the version in force; a timer calls this until it returns False.

    In bounded batches, so that a new version of a large community neither holds one long transaction nor
    fills memory and the outbox. A member with a new award in the meantime is brought in line by that.
    """
    due = await thresholds_store.load_due_in_force(tx.conn, now=tx.now)
    unevaluated = await thresholds_store.load_unevaluated(tx.conn)

    async def work(_: Work, community: str) -> bool:
        await thresholds_store.put_due_in_force(tx.conn, communities=[community], now=tx.now)
        return await _reevaluate(tx, community)

    return await take_turn(tx, [(Work.TOTALS, one) for one in {*due, *unevaluated}], work=work)


async def _reevaluate(tx: Transaction, community: str) -> bool:
    """Bring the next members of a community in line; whether there were any to look for."""
    due = await thresholds_store.lock_reevaluation(tx.conn, community=community)
    if due is None:
        return False
    members = await store.page_of_members(
        tx.conn, community=due.community, after=due.evaluated_up_to, limit_count=REEVALUATION_BATCH_COUNT
    )
    in_force = await thresholds_store.load_thresholds(tx.conn, communities=[due.community])
    thresholds, effective_from, day = in_force[due.community]
    stale = [member for member in members if member.version != thresholds.version]
    grants = [grant for member in stale for grant in member.follow(thresholds, effective_from, day)]
    await store.put_members(tx.conn, members=stale)
    is_whole = len(members) == REEVALUATION_BATCH_COUNT
    await thresholds_store.set_evaluated(
        tx.conn, community=due.community, up_to=members[-1].member_id if is_whole else None
    )
    await make_grants(tx, grants=[Traced(grant, is_backfill=True) for grant in grants])
    REEVALUATED_MEMBERS.inc(len(stale))
    return True
