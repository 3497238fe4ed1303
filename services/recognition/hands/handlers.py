"""Whom a command is about is found, and stays one person until it is done."""

from services.recognition.hands.domain import NobodyThereError, Person
from shared.access_keys import check_not_about_oneself
from shared.followed_members import find_name
from shared.merges import find_head, load_group, lock_heads
from shared.transaction import Transaction


async def find_person(tx: Transaction, *, community: str, member_id: str, by: str | None) -> Person:
    """Whom a command of the person `by` names; nobody merges members until the transaction ends.

    Raises NobodyThereError, and AboutYourselfError where it is who commands.
    """
    named = await find_name(tx.conn, community=community, member_id=member_id)
    if named is None or named.is_erased:
        raise NobodyThereError
    await check_not_about_oneself(tx.conn, community=community, person_id=by, members=[member_id])
    await lock_heads(tx.conn, keys=[(community, member_id)])
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    return Person(head_id, await load_group(tx.conn, community=community, head_id=head_id))
