"""The SQL of endpoints and of what is delivered to them; every service has the tables."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shared.postgres import Connection
from shared.webhooks.domain import (
    REPLAYABLE,
    Claimed,
    Delivery,
    DeliveryPlace,
    DeliveryState,
    Endpoint,
    Lane,
    NewDelivery,
    Sealed,
    delivery_id,
)

#: An endpoint that gets facts: others are shown, and nothing is noted for them.
_GETS = "enabled and not removed and gave_up_revision is distinct from revision"
_LISTED = """
d.delivery_id::text, d.endpoint_id::text, d.message_id::text, d.fact_type, d.state, d.made_at, d.due_at, d.tries,
d.tried_at, d.status, d.why
"""


class KnownEndpoint(NamedTuple):
    """An endpoint as a fact says it is."""

    community: str
    endpoint_id: str
    name: str
    revision: int
    types: tuple[str, ...]
    enabled: bool
    removed: bool
    sealed: Sealed | None


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """What became of a try: the `state` since, when it is `due_at` next, the answer's `status` and `why` not."""

    delivery_id: str
    state: DeliveryState
    due_at: datetime
    tries: int
    status: int | None
    why: str | None


class Standing(NamedTuple):
    """How a service does with all endpoints: what waits, since when, and how many take nothing."""

    waiting: int
    oldest_at: datetime | None
    failing: int


async def put_endpoint(conn: Connection, *, endpoint: KnownEndpoint) -> None:
    """Keep an endpoint; a revision that is not above the one known changes nothing.

    Whatever it was given up for is forgotten with a new revision. Of one that was removed the deliveries go.
    """
    sealed = endpoint.sealed
    is_new = await conn.fetchval(
        """
        insert into webhook_endpoints as e (community, endpoint_id, name, revision, types, enabled, removed,
            key_id, sealed)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (endpoint_id) do update
        set name = excluded.name, revision = excluded.revision, types = excluded.types,
            enabled = excluded.enabled, removed = excluded.removed, key_id = excluded.key_id,
            sealed = excluded.sealed,
            failing_since = case when e.gave_up_revision is null then e.failing_since end,
            gave_up_revision = null
        where e.community = excluded.community and excluded.revision > e.revision returning true
        """,
        endpoint.community,
        endpoint.endpoint_id,
        endpoint.name,
        endpoint.revision,
        list(endpoint.types),
        endpoint.enabled,
        endpoint.removed,
        None if sealed is None else sealed.key_id,
        None if sealed is None else sealed.content,
    )
    if is_new and endpoint.removed:
        await conn.execute("delete from webhook_deliveries where endpoint_id = $1", endpoint.endpoint_id)
    elif is_new and endpoint.enabled:
        # It may be another address, or mended: what waits need not wait out its pause.
        await make_due(conn, endpoint_id=endpoint.endpoint_id)


async def load_wanted(conn: Connection) -> dict[str, dict[str, list[str]]]:
    """The endpoints that get facts: of each community, by type."""
    rows = await conn.fetch(
        f"select community, endpoint_id::text, types from webhook_endpoints where {_GETS}"  # noqa: S608
    )
    wanted: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        for kind in row["types"]:
            wanted.setdefault(row["community"], {}).setdefault(kind, []).append(row["endpoint_id"])
    return wanted


async def add_deliveries(
    conn: Connection,
    *,
    deliveries: Sequence[NewDelivery],
    state: DeliveryState = DeliveryState.WAITING,
    even_if_disabled: bool = False,
) -> int:
    """Note what is to be delivered, for endpoints that get facts; what is noted already stays. Return how many."""
    status: str = await conn.execute(
        f"""
        insert into webhook_deliveries
            (delivery_id, community, endpoint_id, message_id, fact_type, body, state, made_at, due_at)
        select d.*, $7, now(), now()
        from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::bytea[])
            as d(delivery_id, community, endpoint_id, message_id, fact_type, body)
        join webhook_endpoints e using (community, endpoint_id)
        where ($8 and not removed) or ({_GETS})
        on conflict do nothing
        """,  # noqa: S608 -- of the code
        [delivery_id(one.endpoint_id, one.message_id) for one in deliveries],
        *([getattr(one, name) for one in deliveries] for name in NewDelivery._fields),
        state,
        even_if_disabled,
    )
    return int(status.rsplit(" ", 1)[1])


async def load_due(conn: Connection, *, now: datetime, but: Collection[str]) -> list[Endpoint]:
    """The endpoints for which something is due, but for some."""
    rows = await conn.fetch(
        """
        select community, endpoint_id::text, name, revision, key_id, sealed, failing_since
        from webhook_endpoints e
        where not removed and sealed is not null and endpoint_id <> all($2::uuid[])
          and exists (
            select from webhook_deliveries d
            where d.endpoint_id = e.endpoint_id and d.state = 'waiting' and d.due_at <= $1
              and ((e.enabled and e.gave_up_revision is distinct from e.revision) or d.is_test))
        """,
        now,
        list(but),
    )
    return [
        Endpoint(
            row["community"],
            row["endpoint_id"],
            row["name"],
            row["revision"],
            Sealed(row["key_id"], row["sealed"]),
            row["failing_since"],
        )
        for row in rows
    ]


async def claim(
    conn: Connection, *, endpoint_id: str, now: datetime, lease: timedelta, limit_count: int
) -> list[Claimed]:
    """Claim deliveries that are due, for `lease`: whoever dies with them leaves them to others after that."""
    rows = await conn.fetch(
        """
        with due as (
            select d.delivery_id from webhook_deliveries d join webhook_endpoints e using (endpoint_id)
            where d.endpoint_id = $1 and d.state = 'waiting' and d.due_at <= $2
              and ((e.enabled and e.gave_up_revision is distinct from e.revision) or d.is_test)
            order by d.due_at, d.delivery_id limit $4 for update of d skip locked)
        update webhook_deliveries d set due_at = $3, tries = tries + 1, tried_at = $2
        from due where d.delivery_id = due.delivery_id
        returning d.delivery_id::text, d.message_id::text, d.body, d.tries, d.made_at
        """,
        endpoint_id,
        now,
        now + lease,
        limit_count,
    )
    ordered = sorted(rows, key=lambda row: (row["made_at"], row["delivery_id"]))
    return [Claimed(row["delivery_id"], row["message_id"], row["body"], row["tries"]) for row in ordered]


async def set_outcomes(conn: Connection, *, outcomes: Sequence[SetOutcome]) -> None:
    """Say what became of tries."""
    await conn.execute(
        """
        update webhook_deliveries d
        set state = o.state, due_at = o.due_at, tries = o.tries, status = o.status, why = o.why
        from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::int[], $5::int[], $6::text[])
            as o(delivery_id, state, due_at, tries, status, why)
        where d.delivery_id = o.delivery_id and d.state = 'waiting'
        """,
        [one.delivery_id for one in outcomes],
        [one.state for one in outcomes],
        [one.due_at for one in outcomes],
        [one.tries for one in outcomes],
        [one.status for one in outcomes],
        [one.why for one in outcomes],
    )


async def note_delivered(conn: Connection, *, endpoint_id: str, at: datetime) -> bool:
    """Note that an endpoint takes deliveries; True where it took none before."""
    failed_before = await conn.fetchval(
        """
        with before as (select failing_since from webhook_endpoints where endpoint_id = $1 for update)
        update webhook_endpoints e set failing_since = null, last_delivered_at = greatest(last_delivered_at, $2)
        from before where endpoint_id = $1
        returning before.failing_since is not null
        """,
        endpoint_id,
        at,
    )
    return bool(failed_before)


async def note_failing(conn: Connection, *, endpoint_id: str, at: datetime) -> datetime:
    """Note that an endpoint took nothing; since when that is so."""
    since: datetime | None = await conn.fetchval(
        """
        update webhook_endpoints set failing_since = coalesce(failing_since, $2) where endpoint_id = $1
        returning failing_since
        """,
        endpoint_id,
        at,
    )
    return since or at


async def give_up(conn: Connection, *, endpoint_id: str, revision: int) -> int | None:
    """Deliver nothing to an endpoint of this revision; how many wait. None when that is so, or it changed."""
    given_up = await conn.fetchval(
        """
        update webhook_endpoints set gave_up_revision = revision
        where endpoint_id = $1 and revision = $2 and gave_up_revision is distinct from revision returning true
        """,
        endpoint_id,
        revision,
    )
    if not given_up:
        return None
    waiting: int = await conn.fetchval(
        "select count(*) from webhook_deliveries where endpoint_id = $1 and state = 'waiting'", endpoint_id
    )
    return waiting


async def make_due(conn: Connection, *, endpoint_id: str) -> None:
    """Have what waits for an endpoint sent now: it takes deliveries again."""
    await conn.execute(
        """
        update webhook_deliveries set due_at = now()
        where endpoint_id = $1 and state = 'waiting' and due_at > now() and (tries > 0 or is_test)
        """,
        endpoint_id,
    )


async def hold_waiting(conn: Connection) -> int:
    """Hold all that waits: a restored database does not know what was delivered meanwhile. Return how many."""
    status: str = await conn.execute("update webhook_deliveries set state = 'held' where state = 'waiting'")
    return int(status.rsplit(" ", 1)[1])


async def page_of_deliveries(
    conn: Connection,
    *,
    community: str,
    endpoint_id: str | None,
    state: DeliveryState | None,
    after: DeliveryPlace | None,
    limit_count: int,
) -> list[Delivery]:
    """Deliveries of a community, the newest first, without what was sent."""
    rows = await conn.fetch(
        f"""
        select {_LISTED}, ''::bytea as body from webhook_deliveries d
        where community = $1 and ($2::uuid is null or endpoint_id = $2) and ($3::text is null or state = $3)
          and ($4::timestamptz is null or (made_at, delivery_id) < ($4, $5::uuid))
        order by made_at desc, delivery_id desc limit $6
        """,  # noqa: S608 -- of the code
        community,
        endpoint_id,
        state,
        None if after is None else after.made_at,
        None if after is None else after.delivery_id,
        limit_count,
    )
    return [_delivery(row) for row in rows]


async def find_delivery(conn: Connection, *, community: str, delivery: str) -> Delivery | None:
    """A delivery with what is sent."""
    row = await conn.fetchrow(
        f"""
        select {_LISTED}, body from webhook_deliveries d where community = $1 and delivery_id = $2
        """,  # noqa: S608 -- of the code
        community,
        delivery,
    )
    return None if row is None else _delivery(row)


async def replay(
    conn: Connection,
    *,
    community: str,
    endpoint_id: str | None = None,
    delivery: str | None = None,
    states: Sequence[DeliveryState] = REPLAYABLE,
    limit_count: int,
) -> int:
    """Have deliveries sent again, the oldest first; return how many."""
    status: str = await conn.execute(
        """
        update webhook_deliveries set state = 'waiting', due_at = now(), tries = 0
        where delivery_id = any(array(
            select delivery_id from webhook_deliveries
            where community = $1 and ($2::uuid is null or endpoint_id = $2)
              and ($3::uuid is null or delivery_id = $3) and state = any($4::text[])
            order by made_at limit $5))
        """,
        community,
        endpoint_id,
        delivery,
        [*states],
        limit_count,
    )
    return int(status.rsplit(" ", 1)[1])


async def load_lanes(conn: Connection, *, community: str, count_max: int) -> list[Lane]:
    """How the service does with each endpoint of a community, by name; beyond `count_max` nothing is counted."""
    rows = await conn.fetch(
        """
        select e.endpoint_id::text, e.name, e.failing_since, e.last_delivered_at,
            e.gave_up_revision is not distinct from e.revision as gave_up, w.waiting, h.held, o.oldest_at
        from webhook_endpoints e
        cross join lateral (select count(*) as waiting from (
            select from webhook_deliveries d
            where d.endpoint_id = e.endpoint_id and d.state = 'waiting' limit $2) n) w
        cross join lateral (select count(*) as held from (
            select from webhook_deliveries d
            where d.endpoint_id = e.endpoint_id and d.state = 'held' limit $2) n) h
        cross join lateral (select min(made_at) as oldest_at from webhook_deliveries d
            where d.endpoint_id = e.endpoint_id and d.state = 'waiting') o
        where e.community = $1 and not e.removed order by e.name
        """,
        community,
        count_max,
    )
    return [
        Lane(
            endpoint_id=row["endpoint_id"],
            name=row["name"],
            waiting=row["waiting"],
            held=row["held"],
            oldest_at=row["oldest_at"],
            failing_since=row["failing_since"],
            last_delivered_at=row["last_delivered_at"],
            gave_up=row["gave_up"],
        )
        for row in rows
    ]


async def load_standing(conn: Connection) -> Standing:
    """How the service does with all endpoints that get facts."""
    row = await conn.fetchrow(
        f"""
        select coalesce(sum(w.waiting), 0)::int as waiting, min(w.oldest_at) as oldest_at,
            count(*) filter (where e.failing_since is not null)::int as failing
        from webhook_endpoints e
        cross join lateral (
            select count(*) as waiting, min(made_at) as oldest_at from webhook_deliveries d
            where d.endpoint_id = e.endpoint_id and d.state = 'waiting') w
        where {_GETS}
        """  # noqa: S608 -- of the code
    )
    assert row is not None  # noqa: S101 -- an aggregate has one row
    return Standing(row["waiting"], row["oldest_at"], row["failing"])


async def load_overfull(conn: Connection, *, waiting_max: int) -> list[tuple[str, str, int, datetime]]:
    """Endpoints for which more waits than is kept: community, id, revision and since when the oldest waits."""
    rows = await conn.fetch(
        f"""
        select community, endpoint_id::text, revision, w.oldest_at from webhook_endpoints e
        cross join lateral (
            select count(*) as waiting, min(made_at) as oldest_at from webhook_deliveries d
            where d.endpoint_id = e.endpoint_id and d.state = 'waiting') w
        where {_GETS} and w.waiting > $1
        """,  # noqa: S608 -- of the code
        waiting_max,
    )
    return [(row["community"], row["endpoint_id"], row["revision"], row["oldest_at"]) for row in rows]


async def delete_deliveries(conn: Connection, *, before: datetime, limit_count: int) -> int:
    """Delete deliveries from before a moment, so many at most; return how many."""
    status: str = await conn.execute(
        """
        delete from webhook_deliveries where delivery_id = any(array(
            select delivery_id from webhook_deliveries where made_at < $1 order by made_at limit $2))
        """,
        before,
        limit_count,
    )
    return int(status.rsplit(" ", 1)[1])


def _delivery(row: Any) -> Delivery:
    return Delivery(
        delivery_id=row["delivery_id"],
        endpoint_id=row["endpoint_id"],
        message_id=row["message_id"],
        fact_type=row["fact_type"],
        state=DeliveryState(row["state"]),
        made_at=row["made_at"],
        due_at=row["due_at"],
        tries=row["tries"],
        tried_at=row["tried_at"],
        status=row["status"],
        why=row["why"],
        body=row["body"],
    )
