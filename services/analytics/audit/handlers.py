"""Entries into their table, and out of it when their time is over, if they have one."""

from datetime import datetime, timedelta

from services.analytics.audit import store
from services.analytics.settings import Settings
from shared.contracts.facts import CommandDone, PersonalDataRead
from shared.transaction import Transaction

FORGET_EVERY_SECONDS = 60.0
FORGOTTEN_AT_ONCE_COUNT = 5_000


async def on_audit(tx: Transaction[Settings], facts: list[CommandDone | PersonalDataRead]) -> None:
    """Store what every service tells of commands and reads; what retention would take away is left out."""
    oldest = oldest_kept(tx)
    commands: list[CommandDone] = []
    reads: list[PersonalDataRead] = []
    for fact in facts:
        if oldest is not None and fact["time"] < oldest:
            continue
        if fact["type"] == "command.done.v1":
            commands.append(fact)
        else:
            reads.append(fact)
    if commands or reads:
        await store.add_entries(tx.conn, commands=commands, reads=reads)


async def forget(tx: Transaction[Settings]) -> None:
    """Timer: delete entries older than `audit_retention_days`, some at a time; nothing while that is unset."""
    oldest = oldest_kept(tx)
    if oldest is not None:
        await store.delete_entries_before(tx.conn, before=oldest, limit=FORGOTTEN_AT_ONCE_COUNT)


def oldest_kept(tx: Transaction[Settings]) -> datetime | None:
    """The moment from which on entries are kept; None for all."""
    days = tx.settings.audit_retention_days
    return None if days is None else tx.now - timedelta(days=days)
