"""What operators decide about dead letters."""

from dataclasses import replace

from shared.audit import Did
from shared.dead_letters import store
from shared.dead_letters.domain import (
    STEPS,
    DeadLetter,
    LetterState,
    SettledLetterError,
    TruncatedLetterError,
    UnknownLetterError,
)
from shared.transaction import Transaction


async def ask_replay(tx: Transaction, *, community: str | None, letter_id: str) -> DeadLetter:
    """Have a dead letter sent through again, by whichever worker has its partition: within a second or two.

    Raises UnknownLetterError, SettledLetterError, and TruncatedLetterError for one that was not kept whole.
    """
    letter = await _locked(tx, community=community, letter_id=letter_id, step=LetterState.ASKED)
    if letter.is_truncated:
        raise TruncatedLetterError
    return await _settle(tx, letter, state=LetterState.ASKED, note=None)


async def discard(tx: Transaction, *, community: str | None, letter_id: str, reason: str) -> DeadLetter:
    """Decide that a dead letter will never be processed; its record stays until its retention is over.

    Raises UnknownLetterError and SettledLetterError.
    """
    letter = await _locked(tx, community=community, letter_id=letter_id, step=LetterState.DISCARDED)
    return await _settle(tx, letter, state=LetterState.DISCARDED, note=reason)


async def _locked(tx: Transaction, *, community: str | None, letter_id: str, step: LetterState) -> DeadLetter:
    await store.lock_letter(tx.conn, letter_id=letter_id)
    letter = await store.find_letter(tx.conn, community=community, letter_id=letter_id)
    if letter is None:
        raise UnknownLetterError
    if letter.state is not STEPS[step]:
        raise SettledLetterError(letter.state)
    return letter


async def _settle(tx: Transaction, letter: DeadLetter, *, state: LetterState, note: str | None) -> DeadLetter:
    settled_at = tx.now if state is LetterState.DISCARDED else None
    await store.set_state(tx.conn, letter_id=letter.letter_id, state=state, settled_at=settled_at, note=note)
    verb = "discard" if state is LetterState.DISCARDED else "replay"
    after = {"state": state.value} | ({"reason": note} if note else {})
    tx.did(
        Did(
            f"dead_letter.{verb}",
            "dead_letter",
            letter.letter_id,
            before={"state": letter.state.value, "topic": letter.topic, "offset": letter.record_offset},
            after=after,
            community=letter.community,
        )
    )
    return replace(letter, state=state, settled_at=settled_at, note=note)
