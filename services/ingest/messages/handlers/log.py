"""Looking at messages, sending one again, and trying one out."""

from dataclasses import replace
from datetime import timedelta

import uuid_utils

from services.ingest.messages.domain.kinds import Channel
from services.ingest.messages.domain.messages import (
    AGAIN,
    Message,
    MessageState,
    NotAgainError,
    NotSetUpError,
    UnknownMessageError,
    message_id,
)
from services.ingest.messages.handlers.reaching import add_recipient
from services.ingest.messages.handlers.saying import kind_named
from services.ingest.messages.store import messages as store
from services.ingest.settings import Settings
from shared.audit import Did
from shared.postgres import Connection
from shared.transaction import Transaction

#: How long the address of a trial is held.
TRIAL_DAYS = 1


async def find_message(conn: Connection, *, community: str, message_id: str) -> Message:
    """A message of a community. Raises UnknownMessageError."""
    found = await store.find_message(conn, community=community, message_id=message_id)
    if found is None:
        raise UnknownMessageError
    return found


async def send_again(tx: Transaction[Settings], *, community: str, message_id: str) -> Message:
    """Have a message wait to be sent again, as it was asked for. Raises UnknownMessageError and NotAgainError."""
    found = await store.find_message(tx.conn, community=community, message_id=message_id, lock=True)
    if found is None:
        raise UnknownMessageError
    if found.state not in AGAIN:
        raise NotAgainError(found.state)
    await store.set_again(tx.conn, community=community, message_id=message_id, now=tx.now)
    before, after = {"state": found.state.value}, {"state": MessageState.WAITING.value}
    tx.did(Did("message.send_again", "message", message_id, found.member_id, before=before, after=after))
    return replace(
        found, state=MessageState.WAITING, due_at=tx.now, settled_at=None, why=None, said=None, tries_count=0
    )


async def try_out(tx: Transaction[Settings], *, community: str, kind: str, language: str, address: str) -> Message:
    """Have a kind be sent to an address with the examples of its values.

    Raises UnknownKindError, NotAnAddressError and NotSetUpError.
    """
    if not tx.settings.smtp_host:
        raise NotSetUpError("No mail is sent here: whoever runs Plaudit sets PLAUDIT_SMTP_HOST")
    values = kind_named(kind).values
    held = await add_recipient(tx, community=community, address=address, language=language, days=TRIAL_DAYS)
    request_id = str(uuid_utils.uuid7())
    made = Message(
        community=community,
        message_id=message_id(request_id, Channel.MAIL),
        request_id=request_id,
        channel=Channel.MAIL,
        kind=kind,
        member_id=None,
        recipient_id=held.recipient_id,
        language=language,
        values=values,
        state=MessageState.WAITING,
        requested_at=tx.now,
        due_at=tx.now,
        expires_at=tx.now + timedelta(days=TRIAL_DAYS),
        in_digest=False,
        tries_count=0,
    )
    await store.add_messages(tx.conn, messages=[made])
    tx.did(Did("message.try_out", "message", made.message_id, after={"kind": kind, "language": language}))
    return made
