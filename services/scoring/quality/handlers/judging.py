"""What events say of content is kept as they are scored, weighed, and added up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.scoring.limits.domain.claims import Heads, Word, head_of
from services.scoring.metrics import CONTENT_JUDGED
from services.scoring.quality.domain.judging import Making, Outcome, PairKey, Why, about, making_of, outcome_of
from services.scoring.quality.domain.trust import Trusting
from services.scoring.quality.domain.weighing import FULL_TRUST, NOTHING, Turned, quality, turned
from services.scoring.quality.store import judgements as store
from services.scoring.quality.store import trust as trust_store
from services.scoring.quality.store.judgements import Delta, Kept, Window
from services.scoring.rules.domain.attributes import MemberKey, Said
from services.scoring.rules.domain.compiling import CompiledVersion, version_at
from services.scoring.rules.domain.qualities import JUDGE_TRUST, QUALITY, VALUES, is_quality
from services.scoring.settings import Settings
from services.scoring.voids.domain import NOTHING_STANDS, Standing
from services.scoring.voids.store import find_communities_with_voids, load_standing
from shared.contracts.facts import AcceptedEvent
from shared.merges import load_groups, load_heads
from shared.postgres import Connection
from shared.transaction import Transaction

#: Whether an event, by community and uid, is taken back.
Retracted = Mapping[tuple[str, str], bool]
Compiled = Mapping[str, Sequence[CompiledVersion]]


@dataclass(slots=True)
class _Changes:
    """What changes: at content, at pairs, and which pairs' judgements have another turn in which periods."""

    deltas: dict[str, Delta] = field(default_factory=dict)
    likes: dict[PairKey, int] = field(default_factory=dict)
    windows: dict[tuple[PairKey, int], list[Turned]] = field(default_factory=dict)

    def add(self, content_id: str, delta: Delta) -> None:
        self.deltas[content_id] = self.deltas.get(content_id, Delta()) + delta

    def hear(self, kept: Kept, heads: Heads, *, times: int, fresh: Turned | None = None) -> None:
        """Have a judgement counted (1), or not any more (-1); one that is new comes as it is to be weighed."""
        if kept.why != Why.BOT and kept.judge_id != kept.author_id:
            self.add(kept.content_id, Delta(outcomes=times))
        if kept.why is not None or kept.author_id is None or kept.judge_id == kept.author_id:
            return
        pair = PairKey(kept.community, kept.judge_id, kept.author_id)
        liked = kept.kind_percent * kept.percent_up // 100 if kept.percent_up > 50 else 0
        self.likes[pair] = self.likes.get(pair, 0) + times * liked
        of_window = self.windows.setdefault((person_pair(pair, heads), kept.period), [])
        if fresh is not None:
            of_window.append(fresh)


def person_pair(pair: PairKey, heads: Heads) -> PairKey:
    """The persons whom a pair is of."""
    community, judge_id, author_id = pair
    return PairKey(community, head_of(heads, community, judge_id), head_of(heads, community, author_id))


async def take_in(
    tx: Transaction[Settings],
    *,
    events: Sequence[AcceptedEvent],
    words: Mapping[tuple[str, str], Word],
    changed: Retracted,
    compiled: Compiled,
    heads: Heads,
) -> None:
    """Keep what new events say of content and what they made, and hear of others that they are taken back or not.

    `words` are the last that was said of new events, `changed` of those that were scored before. Locks pairs, then
    content, each in order; whatever else a batch locks it has by then.
    """
    makings, outcomes = _found(events, compiled)
    if not makings and not outcomes and not changed:
        return
    taken_back = {uid for (_, uid), word in words.items() if word.is_retraction}
    changes, weights = _Changes(), dict[str, Turned]()
    trust: Mapping[str, int] = {}
    if outcomes:
        trust = await _trust_of(tx.conn, outcomes=outcomes, compiled=compiled, heads=heads, now=tx.now)
        for one in outcomes:
            if one.uid not in taken_back:
                changes.hear(_kept(one), heads, times=1, fresh=_turned(one, trust))
            CONTENT_JUDGED.labels(one.kind.value).inc()
    if changed:
        await _hear_again(tx.conn, changed=changed, changes=changes, heads=heads)
    if changes.windows:
        # Of merged members one row more is locked: whatever these do together, one batch after the other does it.
        locked = {**dict.fromkeys((pair for pair, _ in changes.windows), 0), **changes.likes}
        await store.put_pairs(tx.conn, likes=locked, now=tx.now)
        weights = await weigh(tx.conn, windows=changes.windows, deltas=changes.deltas)
    if outcomes:
        await store.add_judgements(tx.conn, outcomes=outcomes, trust=trust, retracted=taken_back, weights=weights)
    made = {one.content.content_id: (one, one.uid in taken_back) for one in reversed(makings)}
    judged = {one.content.content_id: one for one in reversed(outcomes)}
    known: Mapping[str, bool] = {}
    if made or judged or changes.deltas:
        known = await store.lock_contents(tx.conn, content_ids={*made, *judged, *changes.deltas})
    # A judgement says nothing new of content that is somebody's already, or of which it names nobody.
    telling = {
        content_id: one
        for content_id, one in judged.items()
        if content_id not in known or not (known[content_id] or one.author_id is None)
    }
    if made or telling:
        await store.put_contents(tx.conn, makings=made, outcomes=telling)
    gone = (
        await store.set_gone(tx.conn, makings={uid: word for (_, uid), word in changed.items()}) if changed else []
    )
    await apply(tx.conn, deltas=changes.deltas, others={*made, *gone}, now=tx.now)


async def weigh(
    conn: Connection, *, windows: Mapping[tuple[PairKey, int], Sequence[Turned]], deltas: dict[str, Delta]
) -> dict[str, Turned]:
    """Weigh anew what persons made of others' content in periods; what that changes is added to `deltas`.

    Each window comes with judgements that are new, which are returned as they weigh, by their uids. Whoever asks
    has the rows of these pairs locked.
    """
    asked = sorted(windows)
    persons = {MemberKey(pair.community, one) for pair, _ in asked for one in pair[1:]}
    groups = await load_groups(conn, keys=persons)
    standing = await _suspensions(conn, persons={(pair.community, pair.author_id) for pair, _ in asked})
    wanted = [
        Window(
            pair,
            groups[MemberKey(pair.community, pair.judge_id)],
            groups[MemberKey(pair.community, pair.author_id)],
            period,
            standing.times_of(pair.community, pair.author_id),
        )
        for pair, period in asked
    ]
    changed: list[tuple[str, Turned]] = []
    weights: dict[str, Turned] = {}
    for window, before in zip(wanted, await store.load_windows(conn, windows=wanted), strict=True):
        pair = window.pair
        fresh = {
            one.event_uid: one if window.counts(one.at) else one._replace(is_counted=False)
            for one in windows[pair, window.period]
        }
        was = {one.event_uid: one for one in before} | fresh
        for one in turned(was.values(), is_own=pair.judge_id == pair.author_id):
            earlier = was[one.event_uid]
            if one.event_uid in fresh:
                weights[one.event_uid] = one
            elif (one.turn, one.weight) == (earlier.turn, earlier.weight):
                continue
            else:
                changed.append((pair.community, one))
            more = one.weight - earlier.weight
            weighed = (one.weight != NOTHING) - (earlier.weight != NOTHING)
            deltas[one.content_id] = deltas.get(one.content_id, Delta()) + Delta(0, weighed, *more)
    if changed:
        await store.put_turns(conn, turned=changed)
    return weights


async def _suspensions(conn: Connection, *, persons: Collection[tuple[str, str]]) -> Standing:
    """When persons are suspended; they are by who stays."""
    communities = await find_communities_with_voids(conn, communities={community for community, _ in persons})
    members = [key for key in persons if key[0] in communities]
    return await load_standing(conn, contents=(), members=members, heads={}) if members else NOTHING_STANDS


async def apply(conn: Connection, *, deltas: Mapping[str, Delta], others: Collection[str], now: datetime) -> None:
    """Change the sums of content, and have the points of that looked at, and of others."""
    moving = {content_id: delta for content_id, delta in deltas.items() if any(delta)}
    if moving:
        await store.add_deltas(conn, deltas=moving, now=now)
    due = {*others, *(content_id for content_id, delta in moving.items() if delta.plus or delta.total)}
    if due:
        await store.put_due(conn, content_ids=due)


async def values_for(
    conn: Connection, *, events: Sequence[AcceptedEvent], compiled: Compiled, heads: Heads, now: datetime
) -> dict[MemberKey, dict[str, list[Said]]]:
    """What rules read of quality, by community and uid of the event: as known before this batch.

    Nothing is looked up where no rule asks.
    """
    asked: dict[tuple[str, str], tuple[AcceptedEvent, Trusting, frozenset[str]]] = {}
    for event in events:
        version = version_at(compiled.get(event["community"], ()), event["receivedat"])
        if version is None or version.quality is None or event["type"] not in version.reads:
            continue
        names = frozenset(
            name for rule in version.rules[event["type"]] for name in rule.attributes if is_quality(name)
        )
        if names:
            by = Trusting(version.quality.trusted, version.judging_levels)
            asked[event["community"], event["uid"]] = (event, by, names)
    if not asked:
        return {}
    judges = {
        key: MemberKey(key[0], head_of(heads, key[0], member_id))
        for key, (event, _, names) in asked.items()
        if VALUES[JUDGE_TRUST] in names and (member_id := event.get("member")) is not None
    }
    trust: Mapping[MemberKey, int] = {}
    if judges:
        groups = await load_groups(conn, keys=set(judges.values()))
        trusted = {key[0]: by for key, (_, by, _) in asked.items()}
        trust = await trust_store.load_trust(conn, persons=groups, trusted=trusted, now=now)
    contents = {
        key: content.content_id
        for key, (event, _, names) in asked.items()
        if VALUES[QUALITY] in names and (content := about(event)) is not None
    }
    sums = await store.load_sums(conn, content_ids=set(contents.values())) if contents else {}
    found: dict[MemberKey, dict[str, list[Said]]] = {}
    for key, (event, _, names) in asked.items():
        is_bot = "bots" in event and "member" in event["bots"].split()
        judge = judges.get(key)
        of_judge = 0 if is_bot or judge is None else trust.get(judge, 0)
        values = {
            VALUES[JUDGE_TRUST]: of_judge / FULL_TRUST,
            VALUES[QUALITY]: float(quality(sums.get(contents.get(key, ""), NOTHING))),
        }
        said = {name: [Said(event["time"], event["receivedat"], values[name])] for name in names}
        found[MemberKey(*key)] = said
    return found


def _found(events: Sequence[AcceptedEvent], compiled: Compiled) -> tuple[list[Making], list[Outcome]]:
    makings: list[Making] = []
    outcomes: list[Outcome] = []
    measured = {
        community for community, versions in compiled.items() if any(version.quality for version in versions)
    }
    for event in events if measured else ():
        if event["community"] not in measured:
            continue
        version = version_at(compiled[event["community"]], event["receivedat"])
        if version is None or version.quality is None:
            continue
        if (making := making_of(event)) is not None:
            makings.append(making)
        if (outcome := outcome_of(event, version.quality.weights)) is not None:
            outcomes.append(outcome)
    makings.sort(key=lambda one: (one.at, one.uid))
    return makings, outcomes


async def _trust_of(
    conn: Connection, *, outcomes: Sequence[Outcome], compiled: Compiled, heads: Heads, now: datetime
) -> dict[str, int]:
    """The trust in whoever judges, by the uid of the event."""
    persons = {
        one.uid: MemberKey(one.content.community, head_of(heads, one.content.community, one.judge_id))
        for one in outcomes
        if one.why is None
    }
    if not persons:
        return {}
    groups = await load_groups(conn, keys=set(persons.values()))
    trusted = {
        community: Trusting(version.quality.trusted, version.judging_levels)
        for community, versions in compiled.items()
        for version in versions
        if version.quality is not None
    }
    trust = await trust_store.load_trust(conn, persons=groups, trusted=trusted, now=now)
    return {uid: trust.get(person, 0) for uid, person in persons.items()}


async def _hear_again(conn: Connection, *, changed: Retracted, changes: _Changes, heads: Heads) -> None:
    """Have judgements counted again, or not any more."""
    known = [
        one
        for one in await store.load_judgements(conn, events=list(changed))
        if one.is_retracted is not changed[one.community, one.event_uid]
    ]
    if not known:
        return
    await store.set_retracted(
        conn, judgements={(one.community, one.event_uid): not one.is_retracted for one in known}
    )
    members = {(one.community, member) for one in known for member in (one.judge_id, one.author_id) if member}
    all_heads = {**heads, **await load_heads(conn, keys=members)}
    for one in known:
        changes.hear(one, all_heads, times=1 if one.is_retracted else -1)


def _turned(one: Outcome, trust: Mapping[str, int]) -> Turned:
    """A new judgement that counts, before it is weighed."""
    at_trust = trust.get(one.uid, 0)
    return Turned(
        one.uid, one.content.content_id, one.at, at_trust, one.kind_percent, one.percent_up, True, 0, NOTHING
    )


def _kept(one: Outcome) -> Kept:
    return Kept(
        one.content.community,
        one.uid,
        one.content.content_id,
        one.judge_id,
        one.author_id,
        one.period,
        one.kind_percent,
        one.percent_up,
        one.why,
        False,
    )
