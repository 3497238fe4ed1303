"""Commands of chats give kudos; whoever typed one is told what became of it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.ingest.kudos.domain.commands import (
    CHANNEL,
    KudosCommand,
    Somebody,
    check_command,
    say_given,
    say_help,
    say_refused,
    words_of,
)
from services.ingest.kudos.domain.giving import GiveKudos, Given, KudosRefusedError, NoReceiverError
from services.ingest.kudos.handlers.giving import give, month_now
from services.ingest.members.domain import IdentityKey, NamedBy, SaidName
from services.ingest.members.handlers.resolving import resolve, who_is_known
from services.ingest.metrics import KUDOS
from services.ingest.settings import Settings
from services.ingest.walls.handlers import find_declared
from shared.contracts.channels import compared_plain_id
from shared.contracts.ids import prepared, uuid5_text
from shared.contracts.texts import shown_name
from shared.transaction import Transaction

#: What a command gives is named under this; it must never change.
_NAMESPACE: Final = prepared(UUID("0d5cbb0e-6d5a-5b55-8a36-52f0f8a2a1c4"))


async def obey(tx: Transaction[Settings], *, community: str, connection: str, command: KudosCommand) -> str:
    """Give what a command says, once however often it comes; what its giver is told, in their language."""
    words = words_of(command.language)
    declared = await find_declared(tx.conn, community=community, now=tx.now)
    values = [] if declared.terms is None else [one.id for one in declared.terms.values]
    if command.receiver is None and declared.terms is not None:
        tx.did_nothing()
        return say_help(words, values=values)
    try:
        given = await _give(tx, community=community, connection=connection, command=command)
    except KudosRefusedError as error:
        tx.did_nothing()
        KUDOS.labels(command.way, "refused").inc()
        month = await month_now(tx.conn, community=community, now=tx.now)
        return say_refused(words, error, values=values, until=month.ends_on)
    return say_given(words, left=given.allowance.left, until=given.allowance.ends_on)


async def _give(tx: Transaction[Settings], *, community: str, connection: str, command: KudosCommand) -> Given:
    giver_id, receiver_id = await _members(tx, community=community, people=check_command(command))
    wanted = GiveKudos(
        uuid5_text(_NAMESPACE, f"{community}\x1f{connection}\x1f{command.id}"),
        giver_id,
        receiver_id,
        command.value,
        command.message,
        command.way,
        credential=f"connector:{connection}",
    )
    return await give(tx, community=community, wanted=wanted)


async def _members(tx: Transaction[Settings], *, community: str, people: Sequence[Somebody]) -> tuple[str, str]:
    """Who they are, seen now for the first time or not. Raises NoReceiverError where one was forgotten."""
    keys = [IdentityKey(community, CHANNEL, compared_plain_id(CHANNEL, one.id), "") for one in people]
    known = await who_is_known(tx, identities=keys)
    if known.erased:
        raise NoReceiverError
    names: dict[IdentityKey, SaidName | None] = {}
    for key, one in zip(keys, people, strict=True):
        name = None if one.name is None else shown_name(one.name)
        names[key] = None if name is None else SaidName(NamedBy.SELF, tx.now, name)
    seen_at = dict.fromkeys(keys, tx.now)
    owners = await resolve(tx, known=known.owners, names=names, first_seen_at=seen_at, bots={})
    giver, receiver = (owners[key].member_id for key in keys)
    return giver, receiver
