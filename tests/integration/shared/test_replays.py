"""Dead letters are sent through again: once, by the partition's owner, and nothing counts twice."""

from typing import Any

import pytest

from shared.dead_letters import (
    DeadLetter,
    LetterState,
    SettledLetterError,
    TruncatedLetterError,
    UnknownLetterError,
)
from shared.dead_letters.handlers import ask_replay, discard
from shared.dead_letters.store import find_letter, page_of_letters
from shared.transaction import InvalidMessageError, Transaction
from tests.integration.shared.line import Line, message
from tests.waiting import until

pytestmark = pytest.mark.stack


class Dislikes:
    """A handler that refuses some messages until it is mended."""

    def __init__(self, line: Line, *, error: type[Exception] = InvalidMessageError) -> None:
        self.line = line
        self.error = error
        self.numbers: set[int] = set()

    async def __call__(self, tx: Transaction, messages: list[Any]) -> None:
        for one in messages:
            if one["n"] in self.numbers:
                raise self.error(f"{one['n']} is refused")
        await self.line.store(tx, messages)


async def letters(line: Line, count: int) -> list[DeadLetter]:
    """The line's dead letters by offset, once there are so many."""
    found: list[DeadLetter] = []

    async def there() -> bool:
        nonlocal found
        async with line.admin.acquire() as conn:
            everything = await page_of_letters(conn, community=None, state=None, after=None, limit=500)
        found = sorted(
            (one for one in everything if one.topic == line.source.name), key=lambda one: one.record_offset
        )
        return len(found) == count

    await until(there)
    return found


async def shown(line: Line, letter: DeadLetter) -> DeadLetter:
    async with line.admin.acquire() as conn:
        found = await find_letter(conn, community=None, letter_id=letter.letter_id)
    assert found is not None
    return found


async def ask(line: Line, letter: DeadLetter, *, community: str | None = None) -> None:
    async with line.begin(line.admin, lambda _: None) as tx:
        await ask_replay(tx, community=community, letter_id=letter.letter_id)


async def until_state(line: Line, letter: DeadLetter, state: LetterState) -> DeadLetter:
    async def reached() -> bool:
        return (await shown(line, letter)).state is state

    await until(reached)
    return await shown(line, letter)


async def test_what_is_mended_goes_through_and_what_is_not_waits_again_with_its_reason(line: Line) -> None:
    dislikes = Dislikes(line)
    dislikes.numbers = {1, 3}
    await line.send([message(number) for number in range(5)])
    async with line.worker(dislikes):
        one, three = await letters(line, 2)
        assert (one.reason, one.state, one.value_bytes) == (
            "1 is refused",
            LetterState.WAITING,
            len(b'{"id":"a1","key":"a","n":1}'),
        )
        assert await line.until_stored(3) == ["a0", "a2", "a4"]

        dislikes.numbers = {3}
        for letter in (one, three):
            await ask(line, letter)
        through = await until_state(line, one, LetterState.REPLAYED)
        assert through.settled_at is not None
        again = await until_state(line, three, LetterState.WAITING)
        assert (again.tries_count, again.reason) == (1, "3 is refused")
        assert await line.ids() == ["a0", "a2", "a4", "a1"]
        # Its message is published, and its offset stays: nothing is read twice.
        assert len(await line.read(line.sink, 4)) == 4
        assert await line.offsets() == {0: 5}


async def test_a_bug_that_a_replay_meets_ends_no_process(line: Line) -> None:
    dislikes = Dislikes(line)
    dislikes.numbers = {0}
    await line.send([message(0)])
    async with line.worker(dislikes) as worker:
        (letter,) = await letters(line, 1)
        dislikes.error = KeyError
        await ask(line, letter)

        async def tried() -> bool:
            return (await shown(line, letter)).tries_count == 1

        await until(tried)
        assert (await shown(line, letter)).reason == "replaying it broke: KeyError"
        await line.send([message(1)])
        assert await line.until_stored(1) == ["a1"]
        assert not worker.loop.crashed


async def test_what_counted_meanwhile_does_not_count_again(line: Line) -> None:
    dislikes = Dislikes(line)
    dislikes.numbers = {0}
    await line.send([message(0)])
    async with line.worker(dislikes):
        (letter,) = await letters(line, 1)
        dislikes.numbers = set()
        await line.send([message(0)])
        assert await line.until_stored(1) == ["a0"]
        await ask(line, letter)
        await until_state(line, letter, LetterState.REPLAYED)
        assert await line.ids() == ["a0"]


async def test_a_letter_is_decided_once_and_by_its_own_community(line: Line) -> None:
    await line.send([b"?", b"!" * 600_000])
    async with line.worker():
        small, large = await letters(line, 2)
    with pytest.raises(UnknownLetterError):
        await ask(line, small, community="another")
    with pytest.raises(TruncatedLetterError):
        await ask(line, large)
    async with line.begin(line.admin, lambda _: None) as tx:
        done = await discard(tx, community=None, letter_id=small.letter_id, reason="corrected by hand")
    assert (done.state, done.note) == (LetterState.DISCARDED, "corrected by hand")
    assert (await shown(line, small)).settled_at is not None
    with pytest.raises(SettledLetterError):
        await ask(line, small)
