"""Networks of many ties, as a timer counted them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.analytics.kept.domain import KeptFigure
from services.analytics.kept.store import delete_answer, find_answer, put_answer
from services.analytics.network.domain.network import Bridge, BridgePlace, Network, PagedTie, Tie, TiePlace
from shared.postgres import Connection


class KeptDays(NamedTuple):
    """Of which days a network is kept: of a community, so many, and what it is counted by."""

    community: str
    days: int
    terms: str


class KeptNetwork(NamedTuple):
    """A network but for who bridges it, and when it was counted."""

    network: Network
    counted_at: datetime


async def find_network(conn: Connection, kept: KeptDays) -> KeptNetwork | None:
    """What the network was counted to be; None where it was not."""
    found = await find_answer(
        conn, community=kept.community, figure=KeptFigure.NETWORK, days=kept.days, terms=kept.terms
    )
    return None if found is None else KeptNetwork(Network(**found.answer), found.counted_at)


async def put_network(
    conn: Connection, kept: KeptDays, *, network: Network, first: Sequence[PagedTie], at: datetime
) -> None:
    """Keep a network, who bridges it and its `first` ties in the place of what was kept before."""
    names = ("members", "ties", "mutual", "times", "parts", "largest_part", "absence_factor", "bridging_members")
    await put_answer(
        conn,
        community=kept.community,
        figure=KeptFigure.NETWORK,
        days=kept.days,
        terms=kept.terms,
        answer={name: getattr(network, name) for name in names},
        at=at,
    )
    await _delete_members(conn, kept)
    await conn.execute(
        """
        insert into kept_bridges (community, days, member_id, cut_off, members)
        select $1, $2, b.* from unnest($3::uuid[], $4::int[], $5::int[]) b
        """,
        kept.community,
        kept.days,
        *([one[part] for one in network.bridges] for part in range(3)),
    )
    await conn.execute(
        """
        insert into kept_ties (community, days, from_id, to_id, times, is_mutual)
        select $1, $2, t.* from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::boolean[]) t
        """,
        kept.community,
        kept.days,
        *([one.tie[part] for one in first] for part in range(3)),
        [one.is_mutual for one in first],
    )


async def delete_network(conn: Connection, kept: KeptDays) -> None:
    """Keep a network no longer."""
    if await delete_answer(conn, community=kept.community, figure=KeptFigure.NETWORK, days=kept.days):
        await _delete_members(conn, kept)


async def page_of_bridges(
    conn: Connection, kept: KeptDays, *, after: BridgePlace | None, limit_count: int
) -> Sequence[Bridge]:
    """Who bridges a network that is kept, those without whom most would not be connected first."""
    rows = await conn.fetch(
        """
        select member_id::text, cut_off, members from kept_bridges
        where community = $1 and days = $2 and ($3::int is null or (-cut_off, member_id) > (-$3, $4::uuid))
        order by cut_off desc, member_id limit $5
        """,
        kept.community,
        kept.days,
        *(after or (None, None)),
        limit_count,
    )
    return [Bridge(*row) for row in rows]


async def page_of_first_ties(
    conn: Connection, kept: KeptDays, *, after: TiePlace | None, limit_count: int
) -> list[PagedTie]:
    """Those ties of a network that are kept, of most times first."""
    rows = await conn.fetch(
        """
        select from_id::text, to_id::text, times, is_mutual from kept_ties
        where community = $1 and days = $2
            and ($3::bigint is null or (-times, from_id, to_id) > (-$3, $4::uuid, $5::uuid))
        order by times desc, from_id, to_id limit $6
        """,
        kept.community,
        kept.days,
        *(after or (None, None, None)),
        limit_count,
    )
    return [PagedTie(Tie(*row[:3]), row["is_mutual"]) for row in rows]


async def _delete_members(conn: Connection, kept: KeptDays) -> None:
    """Delete what is kept of single members of a network."""
    for table in ("kept_bridges", "kept_ties"):
        await conn.execute(
            f"delete from {table} where community = $1 and days = $2",  # noqa: S608 -- one of the two
            kept.community,
            kept.days,
        )
