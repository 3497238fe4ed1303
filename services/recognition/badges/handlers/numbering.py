"""Numbers of limited badges: whoever has what one asks for gets their own, or the next.

A grant with a number is made to whose number it is, so that both go with them when they part from who they are one
person with: two never hold the same.
"""

from collections.abc import Mapping, Sequence

from services.recognition.badges.domain.deciding import Number, Room
from services.recognition.badges.store import by_hand as store
from shared.transaction import Transaction


async def give(
    tx: Transaction,
    *,
    community: str,
    wanted: Mapping[tuple[str, str], int],
    people: Mapping[str, Sequence[str]],
) -> dict[tuple[str, str], Number | None]:
    """The numbers that persons get, who are locked, by badge and who stays: theirs, or the next; None: gone.

    `wanted` says how many there are of the badge, `people` who is one person with each.
    """
    had = await store.load_editions(
        tx.conn, community=community, member_ids={one for _, head_id in wanted for one in people[head_id]}
    )
    numbers: dict[tuple[str, str], Number | None] = {}
    for badge, head_id in wanted:
        own = [Number(had[badge, one], one) for one in people[head_id] if (badge, one) in had]
        numbers[badge, head_id] = min(own, default=None)
    missing = [key for key, number in numbers.items() if number is None]
    if not missing:
        return numbers
    limits = {badge: wanted[badge, head_id] for badge, head_id in missing}
    rooms: dict[str, Room] = await store.lock_rooms(tx.conn, community=community, limits=limits)
    given: list[tuple[str, int, str]] = []
    waiting: list[tuple[str, str]] = []
    for badge, head_id in missing:
        edition, rooms[badge] = rooms[badge].take()
        if edition is None:
            waiting.append((badge, head_id))
        else:
            numbers[badge, head_id] = Number(edition, head_id)
            given.append((badge, edition, head_id))
    await store.set_rooms(tx.conn, community=community, rooms=rooms)
    await store.add_editions(tx.conn, community=community, editions=given, at=tx.now)
    if waiting:
        await store.add_waiting(tx.conn, community=community, waiting=waiting, since=tx.now)
    return numbers
