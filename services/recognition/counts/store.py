"""The SQL of counted events, of what is counted, and of members' numbers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from asyncpg import Record

from services.recognition.counts.domain import (
    Act,
    CountedEvent,
    CountedRule,
    Counter,
    CountingMember,
    EventKey,
    MemberKey,
    OwnCounts,
    Plan,
    counter_by_rule,
)
from services.recognition.thresholds.domain import NO_PROGRAMME, Held, Kind, ThresholdKey, Thresholds, parts_of
from services.recognition.thresholds.store import PROGRAMMES_REMEMBERED_COUNT, thresholds_of
from shared.followed_communities import stored_calendar
from shared.postgres import Connection, copy_new

BEFORE_ALL = "00000000-0000-0000-0000-000000000000"
#: Rules that are counted and were read last: each batch asks for those of its communities.
RULES_REMEMBERED_COUNT = 1_000


async def add_new_events(conn: Connection, *, events: Mapping[EventKey, CountedEvent]) -> bool:
    """Add events all of which are new; False, and nothing is added, if one is known or they are few."""
    return await copy_new(
        conn,
        "counted_events",
        columns=("community", "event_uid", "event", "happened_at"),
        records=[(*key, _dumped(events[key].event), events[key].happened_at) for key in sorted(events)],
    )


async def lock_events(conn: Connection, *, keys: Collection[EventKey]) -> dict[EventKey, CountedEvent]:
    """What is known of events, by key and in that order; nobody else changes it until the transaction ends."""
    ordered = sorted(keys)
    columns = [community for community, _ in ordered], [uid for _, uid in ordered]
    await conn.execute(
        """
        insert into counted_events (community, event_uid) select * from unnest($1::text[], $2::uuid[])
        order by 1, 2 on conflict do nothing
        """,
        *columns,
    )
    rows = await conn.fetch(
        """
        select e.* from counted_events e
        join unnest($1::text[], $2::uuid[]) as k(community, event_uid) using (community, event_uid)
        order by community, event_uid for update of e
        """,
        *columns,
    )
    return {
        (row["community"], str(row["event_uid"])): CountedEvent(
            _loaded(row["event"]),
            row["counts"],
            row["said_at"],
            row["said_id"],
            None if row["said_by"] is None else str(row["said_by"]),
        )
        for row in rows
    }


async def put_events(conn: Connection, *, events: Mapping[EventKey, CountedEvent]) -> None:
    """Write what is known of events, which are locked."""
    await conn.execute(
        """
        update counted_events e
        set event = k.event, counts = k.counts, said_at = k.said_at, said_id = k.said_id, said_by = k.said_by,
            happened_at = k.happened_at
        from unnest($1::text[], $2::uuid[], $3::jsonb[], $4::boolean[], $5::timestamptz[], $6::text[],
                    $7::uuid[], $8::timestamptz[])
            as k(community, event_uid, event, counts, said_at, said_id, said_by, happened_at)
        where e.community = k.community and e.event_uid = k.event_uid
        """,
        [community for community, _ in events],
        [uid for _, uid in events],
        [_dumped(counted.event) for counted in events.values()],
        [counted.counts for counted in events.values()],
        [counted.said_at for counted in events.values()],
        [counted.said_id for counted in events.values()],
        [counted.said_by for counted in events.values()],
        [counted.happened_at for counted in events.values()],
    )


async def page_of_events(
    conn: Connection, *, community: str, after: str, limit_count: int
) -> list[tuple[str, CountedEvent]]:
    """Events of a community in the order of their uids, beginning after one."""
    rows = await conn.fetch(
        """
        select event_uid, event, counts from counted_events where community = $1 and event_uid > $2
        order by event_uid limit $3
        """,
        community,
        after,
        limit_count,
    )
    return [(str(row["event_uid"]), CountedEvent(_loaded(row["event"]), row["counts"])) for row in rows]


async def load_events(conn: Connection, *, community: str, uids: Collection[str]) -> dict[str, CountedEvent]:
    """Events of a community, by their uids."""
    rows = await conn.fetch(
        "select event_uid, event, counts from counted_events"
        " where community = $1 and event_uid = any($2::text[]::uuid[])",
        community,
        list(uids),
    )
    return {str(row["event_uid"]): CountedEvent(_loaded(row["event"]), row["counts"]) for row in rows}


async def page_of_events_during(
    conn: Connection,
    *,
    community: str,
    member_ids: Collection[str],
    first: datetime,
    last: datetime | None,
    after: tuple[datetime, str],
    limit_count: int,
) -> list[tuple[str, CountedEvent]]:
    """Events with a part of these members that happened from `first` on and before `last`, oldest first."""
    rows = await conn.fetch(
        """
        select event_uid, event, counts from counted_events
        where community = $1 and happened_at >= $3 and ($4::timestamptz is null or happened_at < $4)
            and (happened_at, event_uid) > ($5, $6::text::uuid)
            and array[event ->> 'member', event ->> 'objectmember', event ->> 'replymember'] && $2::text[]
        order by happened_at, event_uid limit $7
        """,
        community,
        list(member_ids),
        first,
        last,
        *after,
        limit_count,
    )
    return [(str(row["event_uid"]), CountedEvent(_loaded(row["event"]), row["counts"])) for row in rows]


def _dumped(event: Mapping[str, Any] | None) -> str | None:
    return None if event is None else orjson.dumps(event).decode()


def _loaded(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    event: dict[str, Any] = orjson.loads(text)
    event["time"] = datetime.fromisoformat(event["time"])
    return event


async def load_plans(conn: Connection, *, communities: Collection[str]) -> dict[str, Plan]:
    """What is counted in each community, and the version whose badges stand there."""
    rows = await conn.fetch(
        """
        select k.community, p.programme_id, p.version, p.effective_from, p.recognition, p.rules,
               f.data -> 'calendar' as calendar, n.counters, n.counter_rules, n.up_to,
               q.programme_id as id_in_force, q.version as version_in_force,
               case when q.version is distinct from p.version then q.recognition end as in_force
        from unnest($1::text[]) as k(community)
        left join counting c using (community)
        left join programmes p on p.community = k.community and p.version = c.version
        left join programmes_in_force i on i.community = k.community
        left join programmes q on q.community = k.community and q.version = i.version
        left join followed_communities f on f.community = k.community
        cross join lateral (
            select array_agg(o.counter order by o.counter) as counters,
                array_agg(o.rule::text order by o.counter) as counter_rules,
                array_agg(o.counted_up_to order by o.counter) as up_to
            from counters o where o.community = k.community) n
        """,
        list(communities),
    )
    plans = {}
    for row in rows:
        counters = tuple(
            Counter(counter, _counted_rule(rule), None if up_to is None else str(up_to))
            for counter, rule, up_to in zip(
                row["counters"] or (), row["counter_rules"] or (), row["up_to"] or (), strict=True
            )
        )
        in_force = _in_force(row)
        if row["version"] is not None:
            plans[row["community"]] = Plan(
                counters,
                thresholds_of(row["programme_id"], row["version"], row["recognition"]),
                row["effective_from"],
                stored_calendar(row["calendar"]).said_day(row["effective_from"]),
                counter_by_rule(_rules(row["rules"]), counters),
                in_force,
            )
        elif counters or in_force.version:
            plans[row["community"]] = Plan(counters, in_force=in_force)
    return plans


def _in_force(row: Record) -> Thresholds:
    """What the version in force asks for: mostly that whose events are counted."""
    if row["version_in_force"] is None:
        return NO_PROGRAMME
    text = row["in_force"] or row["recognition"]
    return thresholds_of(row["id_in_force"], row["version_in_force"], text)


@lru_cache(maxsize=RULES_REMEMBERED_COUNT)
def _counted_rule(text: str) -> CountedRule:
    return CountedRule.of(orjson.loads(text))


@lru_cache(maxsize=PROGRAMMES_REMEMBERED_COUNT)
def _rules(text: str) -> Mapping[str, CountedRule]:
    return {rule["id"]: CountedRule.of(rule) for rule in orjson.loads(text)}


@dataclass(frozen=True)
class Behind:
    """A community in which counting is not in line with the `wanted` version; `rules` are those it counts."""

    community: str
    wanted: int
    version: int
    evaluated_up_to: str
    rules: dict[str, CountedRule]


async def load_behind(conn: Connection) -> list[str]:
    """Communities whose counting is behind their version in force."""
    rows = await conn.fetch(
        """
        select f.community from programmes_in_force f left join counting c using (community)
        where c.version is distinct from f.version or not c.evaluated order by 1
        """
    )
    return [row["community"] for row in rows]


async def lock_behind(conn: Connection, *, community: str) -> Behind | None:
    """How far a community's counting is behind its version in force; None when it is not."""
    await conn.execute(
        "insert into counting (community, version, evaluated_up_to, evaluated)"
        " select community, 0, $2, true from programmes_in_force where community = $1 on conflict do nothing",
        community,
        BEFORE_ALL,
    )
    row = await conn.fetchrow(
        """
        select c.community, c.version, c.evaluated_up_to, p.version as wanted, p.rules
        from counting c join programmes_in_force f using (community)
        join programmes p on p.community = f.community and p.version = f.version
        where c.community = $1 and (c.version <> f.version or not c.evaluated) for update of c
        """,
        community,
    )
    if row is None:
        return None
    return Behind(
        row["community"], row["wanted"], row["version"], str(row["evaluated_up_to"]), dict(_rules(row["rules"]))
    )


async def add_counters(conn: Connection, *, community: str, counters: Sequence[Counter]) -> None:
    """Begin to count rules: none of the events of before is counted yet."""
    await conn.executemany(
        "insert into counters (community, counter, rule, counted_up_to) values ($1, $2, $3, $4)",
        [
            (
                community,
                counter.id,
                orjson.dumps(
                    {
                        "on": rule.types,
                        "to": rule.to,
                        "when": rule.when,
                        "own": rule.own,
                        "dated": rule.dated,
                        "joint": rule.joint,
                        "timed": rule.timed,
                        "campaign": None if rule.campaign is None else rule.campaign._asdict(),
                        "detail": rule.detail,
                    }
                ).decode(),
                counter.counted_up_to,
            )
            for counter in counters
            for rule in (counter.rule,)
        ],
    )


async def set_counted(conn: Connection, *, community: str, counter: str, up_to: str | None) -> None:
    """Note up to which event a counter has those of before; None is all of them."""
    await conn.execute(
        "update counters set counted_up_to = $3 where community = $1 and counter = $2", community, counter, up_to
    )


async def set_version(conn: Connection, *, community: str, version: int, counters: Collection[str]) -> None:
    """Let badges stand by a version from now on, and count nothing but these; members follow it piece by piece."""
    await conn.execute(
        "delete from counters where community = $1 and counter <> all($2::text[])", community, list(counters)
    )
    # Nor in what members have themselves of a person's numbers: a rule that comes again is counted anew.
    await conn.execute(
        """
        update own_counts
        set counts = counts - array(select jsonb_object_keys(counts) except select unnest($2::text[]))
        where community = $1
        """,
        community,
        list(counters),
    )
    await conn.execute(
        "update counting set version = $2, evaluated_up_to = $3, evaluated = false where community = $1",
        community,
        version,
        BEFORE_ALL,
    )


async def set_evaluated(conn: Connection, *, community: str, up_to: str | None) -> None:
    """Note up to which member a community is in line with its version; None is all of them."""
    await conn.execute(
        "update counting set evaluated_up_to = coalesce($2::uuid, evaluated_up_to), evaluated = $2::uuid is null"
        " where community = $1",
        community,
        up_to,
    )


async def add_acts(conn: Connection, *, acts: Collection[Act]) -> None:
    """Keep when members did what counters count; of a quarter of an hour in which nothing is left no row stays."""
    by: dict[tuple[str, str, str, datetime], int] = {}
    for (community, member_id), counter, slot, change in acts:
        key = (community, member_id, counter, slot)
        by[key] = by.get(key, 0) + change
    # What came and was taken back in one batch is not there.
    keys = sorted(key for key, change in by.items() if change)
    if not keys:
        return
    columns = [list(column) for column in zip(*keys, strict=True)]
    await conn.execute(
        """
        insert into acts as a (community, member_id, counter, slot, events)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[], $5::int[])
        on conflict (member_id, counter, slot, community) do update set events = a.events + excluded.events
        """,
        *columns,
        [by[key] for key in keys],
    )
    if min(by.values()) < 0:
        await conn.execute(
            """
            delete from acts a
            using unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[])
                as k(community, member_id, counter, slot)
            where a.community = k.community and a.member_id = k.member_id and a.counter = k.counter
                and a.slot = k.slot and a.events = 0
            """,
            *columns,
        )


async def load_acts(
    conn: Connection, *, community: str, member_ids: Collection[str], counters: Collection[str]
) -> dict[str, dict[str, list[datetime]]]:
    """The quarters of an hour (UTC) in which members did what counters count, by counter and member."""
    rows = await conn.fetch(
        """
        select counter, member_id, array_agg(slot order by slot) as slots from acts
        where community = $1 and member_id = any($2::uuid[]) and counter = any($3::text[])
        group by counter, member_id
        """,
        community,
        list(member_ids),
        list(counters),
    )
    found: dict[str, dict[str, list[datetime]]] = {}
    for row in rows:
        found.setdefault(row["counter"], {})[str(row["member_id"])] = row["slots"]
    return found


async def drop_acts(
    conn: Connection, *, community: str, head_ids: Collection[str], counters: Collection[str]
) -> None:
    """Delete what these persons did of any other counters."""
    await conn.execute(
        """
        delete from acts where community = $1 and counter <> all($3::text[]) and (
            member_id = any($2::uuid[]) or member_id in (
                select member_id from merges where community = $1 and head_id = any($2::uuid[])))
        """,
        community,
        list(head_ids),
        list(counters),
    )


async def lock_members(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, CountingMember]:
    """Members' numbers, by key and in that order; nobody else changes them until the transaction ends.

    Rows that are not there are added first: of two workers that both lack one, the second waits for the first.
    """
    columns = _columns(sorted(keys))
    await conn.execute(
        """
        insert into counting_members (community, member_id) select * from unnest($1::text[], $2::uuid[])
        order by 1, 2 on conflict do nothing
        """,
        *columns,
    )
    rows = await conn.fetch(
        """
        select m.* from counting_members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        order by community, member_id for update of m
        """,
        *columns,
    )
    members = map(_member, rows)
    return {(member.community, member.member_id): member for member in members}


async def load_members(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, CountingMember]:
    """Members' numbers, of those who have any."""
    rows = await conn.fetch(
        """
        select m.* from counting_members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        """,
        *_columns(keys),
    )
    members = map(_member, rows)
    return {(member.community, member.member_id): member for member in members}


async def load_own(conn: Connection, *, keys: Collection[MemberKey]) -> dict[MemberKey, OwnCounts]:
    """What members have themselves who are one person with others; whoever changes that has the person locked."""
    rows = await conn.fetch(
        """
        select o.* from own_counts o
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        """,
        *_columns(keys),
    )
    return {
        (row["community"], str(row["member_id"])): OwnCounts(
            orjson.loads(row["counts"]),
            {_key(text): turn for text, turn in orjson.loads(row["turns"]).items()},
            None if row["last_event_uid"] is None else str(row["last_event_uid"]),
        )
        for row in rows
    }


async def put_own(conn: Connection, *, own: Mapping[MemberKey, OwnCounts]) -> None:
    """Write what members have themselves, in the order of their keys."""
    keys = sorted(own)
    await conn.execute(
        """
        insert into own_counts (community, member_id, counts, turns, last_event_uid)
        select * from unnest($1::text[], $2::uuid[], $3::jsonb[], $4::jsonb[], $5::uuid[])
        on conflict (community, member_id) do update
        set counts = excluded.counts, turns = excluded.turns, last_event_uid = excluded.last_event_uid
        """,
        *_columns(keys),
        [orjson.dumps(own[key].counts).decode() for key in keys],
        [_by_key(own[key].turns) for key in keys],
        [own[key].last_event_uid for key in keys],
    )


async def delete_members(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Delete the numbers of members, and what they have themselves of a person's."""
    for table in ("counting_members", "own_counts"):
        await conn.execute(
            f"delete from {table} where community = $1 and member_id = any($2::uuid[])",  # noqa: S608 -- of the code
            community,
            list(member_ids),
        )


async def find_member(conn: Connection, *, community: str, member_id: str) -> CountingMember | None:
    """A member's numbers; None before the first event that was counted."""
    return (await load_members(conn, keys=[(community, member_id)])).get((community, member_id))


async def page_of_members(
    conn: Connection, *, community: str, after: str, limit_count: int
) -> list[CountingMember]:
    """Members of a community in the order of their ids, beginning after one."""
    rows = await conn.fetch(
        "select * from counting_members where community = $1 and member_id > $2 order by member_id limit $3",
        community,
        after,
        limit_count,
    )
    return [_member(row) for row in rows]


async def set_members(conn: Connection, *, members: Iterable[CountingMember]) -> None:
    """Write members' numbers, which are locked."""
    changed = list(members)
    await conn.execute(
        """
        update counting_members m
        set counts = k.counts, standing = k.standing, turns = k.turns, last_event_uid = k.last_event_uid,
            version = k.version
        from unnest($1::text[], $2::uuid[], $3::jsonb[], $4::jsonb[], $5::jsonb[], $6::uuid[], $7::int[])
            as k(community, member_id, counts, standing, turns, last_event_uid, version)
        where m.community = k.community and m.member_id = k.member_id
        """,
        [member.community for member in changed],
        [member.member_id for member in changed],
        [orjson.dumps(member.counts).decode() for member in changed],
        [_by_key({key: parts_of(held) for key, held in member.standing.items()}) for member in changed],
        [_by_key(member.turns) for member in changed],
        [member.last_event_uid for member in changed],
        [member.version for member in changed],
    )


def _columns(keys: Collection[MemberKey]) -> tuple[list[str], list[str]]:
    return [community for community, _ in keys], [member_id for _, member_id in keys]


def _by_key(values: Mapping[ThresholdKey, Any]) -> str:
    return orjson.dumps({f"{key.kind}:{key.id}": value for key, value in values.items()}).decode()


def _key(text: str) -> ThresholdKey:
    stored, _, threshold_id = text.partition(":")
    kind: Kind = "level" if stored == "level" else "badge"
    return ThresholdKey(kind, threshold_id)


def _member(row: Record) -> CountingMember:
    return CountingMember(
        community=row["community"],
        member_id=str(row["member_id"]),
        counts=orjson.loads(row["counts"]),
        standing={_key(text): Held(*held) for text, held in orjson.loads(row["standing"]).items()},
        turns={_key(text): turn for text, turn in orjson.loads(row["turns"]).items()},
        last_event_uid=None if row["last_event_uid"] is None else str(row["last_event_uid"]),
        version=row["version"],
    )
