"""Who is in audiences is decided: for events before their awards count, and for members piece by piece."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.scoring.audiences.domain import (
    Decision,
    Turn,
    decide_at,
    next_change,
    topics_in,
    turn_id,
    turn_of,
)
from services.scoring.audiences.store import earned as earned_store
from services.scoring.audiences.store import turns as turns_store
from services.scoring.metrics import AUDIENCE_TURNS
from services.scoring.programmes.domain.publication import VersionStart, succession
from services.scoring.programmes.store import versions
from services.scoring.rules.domain.attributes import MemberKey, for_rules
from services.scoring.rules.domain.audiences import CompiledAudience, compile_audiences
from services.scoring.rules.domain.compiling import version_at
from services.scoring.rules.handlers.members import keep_members
from services.scoring.rules.store import load_attributes
from services.scoring.settings import Settings
from shared.contracts.facts import (
    AUDIENCE_ENTERED,
    AUDIENCE_FACT,
    AUDIENCE_LEFT,
    AudienceData,
    AudienceFact,
    MemberFact,
)
from shared.contracts.programme import Programme
from shared.followed_communities import load_calendar
from shared.merges import MovedMember, load_groups, load_heads, lock_persons
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import AUDIENCES
from shared.transaction import Transaction

#: Communities whose audiences are kept compiled; those not used for longest go first.
COMPILED_MAX_COUNT = 500


@dataclass(frozen=True, slots=True)
class Declared:
    """The audiences of a version, and which attributes they read."""

    number: int
    audiences: tuple[CompiledAudience, ...]

    @property
    def attributes(self) -> set[str]:
        """All attributes that some audience reads."""
        return {name for audience in self.audiences for name in audience.attributes}


@dataclass(slots=True)
class Decider:
    """Looks at members who are due, with what is in force in memory."""

    _compiled: OrderedDict[tuple[str, int], Declared] = field(default_factory=OrderedDict)

    async def in_force(self, conn: Connection, *, community: str, at: datetime) -> Declared | None:
        """The audiences of the version that is in force at a time; None where none is."""
        start = version_at(succession(await versions.load_starts(conn, community=community)), at)
        return None if start is None else await self._declared(conn, community=community, start=start)

    async def look(self, tx: Transaction[Settings]) -> bool:
        """Decide anew about the members who are due, the next so many; whether there may be more."""
        limit = tx.settings.audience_members_per_piece_max_count
        is_more = await self._sweep(tx, limit_count=limit)
        taken = await turns_store.take_due(tx.conn, now=tx.now, limit_count=limit)
        by_community: dict[str, list[MemberKey]] = {}
        for key in taken:
            by_community.setdefault(key.community, []).append(key)
        for community, keys in by_community.items():
            await self._decide(tx, community=community, keys=keys)
        return is_more or len(taken) == limit

    async def _sweep(self, tx: Transaction[Settings], *, limit_count: int) -> bool:
        """Have members looked at by a version that came into force since, the next so many of each community."""
        communities = await turns_store.load_communities(tx.conn)
        if not communities:
            return False
        sweeps, is_more = await turns_store.load_sweeps(tx.conn), False
        for community in communities:
            start = version_at(succession(await versions.load_starts(tx.conn, community=community)), tx.now)
            if start is None:
                continue
            done = sweeps.get(community)
            is_same = done is not None and done.version == start.number
            if done is not None and is_same and done.is_done:
                continue
            after = done.after_member if done is not None and is_same else None
            is_more |= not await turns_store.sweep(
                tx.conn,
                community=community,
                version=start.number,
                after_member=after,
                now=tx.now,
                limit_count=limit_count,
            )
        return is_more

    async def _decide(self, tx: Transaction[Settings], *, community: str, keys: Sequence[MemberKey]) -> None:
        heads = await lock_persons(tx.conn, keys=keys)
        of_heads = sorted({MemberKey(community, heads.get(key, key.member_id)) for key in keys})
        concerned = sorted({*keys, *of_heads})
        erased = await turns_store.find_erased(tx.conn, keys=concerned)
        states = await turns_store.load_states(tx.conn, keys=concerned)
        declared = await self.in_force(tx.conn, community=community, at=tx.now)
        if declared is None:
            return
        turns: list[Turn] = []
        living = [key for key in of_heads if key not in erased]
        decisions, due = await self._decisions(tx, declared, community=community, keys=living)
        for key in concerned:
            if key in erased:
                continue
            before = states.get(key, {})
            # Who is merged into another is in none; so is who was in one that is not declared any more.
            decided = decisions.get(key, {}) if key in of_heads else {}
            for audience_id in sorted({*before, *decided}):
                turn = turn_of(
                    before.get(audience_id),
                    decided.get(audience_id, Decision(is_in=False, since=tx.now, met={})),
                    community=community,
                    member_id=key.member_id,
                    audience_id=audience_id,
                    known_at=tx.now,
                    programme_version=declared.number,
                )
                if turn is not None:
                    turns.append(turn)
        if turns:
            await turns_store.put_turns(tx.conn, turns=turns)
            tell(tx, turns)
        if due:
            await turns_store.put_due(tx.conn, due=due)

    async def _decisions(
        self, tx: Transaction[Settings], declared: Declared, *, community: str, keys: Sequence[MemberKey]
    ) -> tuple[dict[MemberKey, dict[str, Decision]], dict[MemberKey, datetime]]:
        """What is decided now of members, by audience, and when each is to be looked at again."""
        names = declared.attributes
        known = await load_attributes(tx.conn, wanted=dict.fromkeys(keys, names)) if names and keys else {}
        earned = {}
        if any(audience.is_by_behaviour for audience in declared.audiences) and keys:
            groups = await load_groups(tx.conn, keys=keys)
            earned = await earned_store.load_earned(
                tx.conn,
                groups=groups,
                awards_max_count=tx.settings.audience_awards_max_count,
                topics=topics_in(measure for audience in declared.audiences for measure in audience.measures),
            )
        calendar = await load_calendar(tx.conn, community=community)
        today = calendar.day_of(tx.now)
        decisions: dict[MemberKey, dict[str, Decision]] = {}
        due: dict[MemberKey, datetime] = {}
        for key in keys:
            said, days = known.get(key, {}), earned.get(key, [])
            decisions[key] = {
                audience.id: decide_at(
                    audience, said=said, earned=days, event_time=tx.now, received_at=tx.now, today=today
                )
                for audience in declared.audiences
            }
            again = next_change(declared.audiences, said=said, earned=days, now=tx.now, calendar=calendar)
            if again is not None:
                due[key] = again
        return decisions, due

    async def _declared(self, conn: Connection, *, community: str, start: VersionStart) -> Declared:
        key = (community, start.number)
        if key not in self._compiled:
            documents = await versions.load_documents(conn, community=community, numbers=[start.number])
            programme = Programme.model_validate(documents[start.number])
            self._compiled[key] = Declared(start.number, compile_audiences(programme, for_rules(programme)))
        self._compiled.move_to_end(key)
        while len(self._compiled) > COMPILED_MAX_COUNT:
            self._compiled.popitem(last=False)
        return self._compiled[key]


async def on_members(tx: Transaction[Settings], facts: list[MemberFact]) -> list[MovedMember]:
    """Keep what rules read of members, and have those looked at of whom something was told.

    Of who was erased nothing stays. Returns who belongs to another than before.
    """
    kept = await keep_members(tx, facts)
    await _look_at(tx, changed=kept.changed, erased=kept.erased)
    return kept.moved


async def _look_at(
    tx: Transaction[Settings], *, changed: Collection[MemberKey], erased: Sequence[MemberKey]
) -> None:
    communities = (
        await turns_store.load_communities_among(tx.conn, communities={key.community for key in changed})
        if changed
        else set()
    )
    due = {key: tx.now for key in changed if key.community in communities}
    if due:
        heads = await load_heads(tx.conn, keys=list(due))
        due |= {MemberKey(key.community, heads[key]): tx.now for key in due if key in heads}
        await turns_store.put_due(tx.conn, due=due)
    if erased:
        await turns_store.erase(tx.conn, keys=erased)


def tell(tx: Transaction[Settings], turns: Sequence[Turn]) -> None:
    """Publish that members entered audiences, and left them."""
    for turn in turns:
        data: AudienceData = {
            "audience": turn.audience_id,
            "member_id": turn.member_id,
            "revision": turn.revision,
            "since": turn.since,
            "known_at": turn.known_at,
            "programme_version": turn.programme_version,
        }
        if turn.met:
            data["met"] = dict(turn.met)
        tx.tell(
            AUDIENCES,
            AUDIENCE_ENTERED if turn.is_in else AUDIENCE_LEFT,
            fact_id=turn_id(turn),
            community=turn.community,
            subject=turn.member_id,
            data=data,
        )
        AUDIENCE_TURNS.labels("entered" if turn.is_in else "left").inc()


async def on_audiences_told(tx: Transaction[Settings], facts: list[AudienceFact]) -> None:
    """Take in turns that were told and that the database has forgotten."""
    keys = {MemberKey(fact["community"], fact["data"]["member_id"]) for fact in facts}
    erased = await turns_store.find_erased(tx.conn, keys=keys)
    turns = [
        Turn(
            fact["community"],
            fact["data"]["member_id"],
            fact["data"]["audience"],
            fact["data"]["revision"],
            fact["type"] == "audience.entered.v1",
            fact["data"]["since"],
            fact["data"]["known_at"],
            fact["data"]["programme_version"],
            fact["data"].get("met", {}),
        )
        for fact in facts
        if MemberKey(fact["community"], fact["data"]["member_id"]) not in erased
    ]
    if turns:
        await turns_store.put_turns(tx.conn, turns=turns)


READ_BACK = (ReadBack((AUDIENCES,), AUDIENCE_FACT, on_audiences_told),)
DECIDER = Decider()
