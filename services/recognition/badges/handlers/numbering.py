"""Numbers of limited badges: whoever has what one asks for gets their own, or the next, or waits in line for one.

A grant with a number is made to whose number it is, so that both go with them when they part from who they are one
person with: two never hold the same.
"""

from collections.abc import Collection, Mapping, Sequence

from services.recognition.badges.domain.deciding import Number, Room
from services.recognition.badges.store import by_hand as store
from services.recognition.thresholds.domain import Due
from shared.merges import load_heads
from shared.transaction import Transaction

#: Of those who wait in line, so many are asked at once; whoever of them leaves it has the next asked.
ASKED_MAX_COUNT = 500

#: A badge, and who stays of those who are one person.
Wanted = tuple[str, str]


async def load_line(
    tx: Transaction, *, community: str, badges: Collection[str], people: Mapping[str, Sequence[str]]
) -> set[Wanted]:
    """Which persons wait for a number of which of these badges: a place is of all who are one person."""
    of_members = {member_id: head_id for head_id, group in people.items() for member_id in group}
    waiting = await store.load_waiting(tx.conn, community=community, badges=badges, member_ids=of_members)
    return {(badge, of_members[member_id]) for badge, member_id in waiting}


async def settle(
    tx: Transaction,
    *,
    community: str,
    limits: Mapping[str, int],
    wanted: Collection[Wanted],
    line: Collection[Wanted],
    people: Mapping[str, Sequence[str]],
) -> dict[Wanted, Number | None]:
    """The numbers that persons get, who are locked: one of theirs, or the next; None: gone, and they wait.

    `line` are those who are looked at and waited before: whoever gets one, or does not want it any more, leaves
    it, and the next are asked while there are numbers. `limits` says how many there are of each badge, `people`
    who is one person with whom.
    """
    had = await store.load_editions(
        tx.conn, community=community, member_ids={one for _, head_id in wanted for one in people[head_id]}
    )
    numbers: dict[Wanted, Number | None] = {}
    for badge, head_id in wanted:
        own = [Number(had[badge, one], one) for one in people[head_id] if (badge, one) in had]
        numbers[badge, head_id] = min(own, default=None)
    missing = [key for key, number in numbers.items() if number is None]
    if not missing and not line:
        return numbers
    concerned = {badge: limits[badge] for badge, _ in (*missing, *line)}
    rooms: dict[str, Room] = await store.lock_rooms(tx.conn, community=community, limits=concerned)
    given: list[tuple[str, int, str]] = []
    for badge, head_id in missing:
        edition, rooms[badge] = rooms[badge].take()
        if edition is not None:
            numbers[badge, head_id] = Number(edition, head_id)
            given.append((badge, edition, head_id))
    await store.set_rooms(tx.conn, community=community, rooms=rooms)
    await store.add_editions(tx.conn, community=community, editions=given, at=tx.now)
    if waiting := [key for key in missing if numbers[key] is None and key not in line]:
        await store.add_waiting(tx.conn, community=community, waiting=waiting, since=tx.now)
    if left := [key for key in line if key not in wanted or numbers[key] is not None]:
        ended = [(badge, one) for badge, head_id in left for one in people[head_id]]
        await store.delete_waiting(tx.conn, community=community, waiting=ended)
        for badge in sorted({badge for badge, _ in left}):
            await ask_next(tx, community=community, badge=badge, room=rooms[badge])
    return numbers


async def ask_next(tx: Transaction, *, community: str, badge: str, room: Room) -> None:
    """Have those looked at who wait the longest for the numbers that there are, which are locked.

    They stay in line until they are looked at.
    """
    if not room.left:
        return
    count = min(room.left, ASKED_MAX_COUNT)
    waiting = await store.load_first(tx.conn, community=community, badge=badge, limit_count=count)
    heads = await load_heads(tx.conn, keys=[(community, member_id) for member_id in waiting])
    persons = {heads.get((community, member_id), member_id) for member_id in waiting}
    await store.add_due(tx.conn, community=community, member_ids=persons, due=Due(tx.now))
