"""Whose turn it is to be worked out, and what bounds that: nobody keeps others waiting."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.scoring.backtests.domain.summing import Asked
from services.scoring.backtests.store.backtests import Ranges
from services.scoring.programmes.domain.publication import Author
from services.scoring.restatements.domain.restatements import (
    ATTEMPTS_MAX_COUNT,
    Restatement,
    RestatementFailedError,
    RestatementFailure,
    RestatementState,
)
from services.scoring.restatements.domain.restating import Part
from services.scoring.restatements.handlers import computing
from services.scoring.restatements.handlers.computing import Computer, Reading

NOW = datetime(2026, 6, 1, tzinfo=UTC)
POSTING = Restatement(
    "acme",
    "6f6c1f0e-6b0d-4d0a-9a53-2f8f5a7f0b11",
    RestatementState.POSTING,
    Asked(NOW, NOW, None),
    2,
    "It gave too little",
    NOW,
    Author(None, "Ada", None),
    NOW,
)
BROKEN = replace(POSTING, attempts=ATTEMPTS_MAX_COUNT)
OTHER = replace(POSTING, community="umbrella", state=RestatementState.COMPUTING)


class WorkedOutError(Exception):
    """It went on."""


class Pool:
    """Connections that nothing is asked of."""

    @asynccontextmanager
    async def acquire(self) -> Any:
        yield None


@asynccontextmanager
async def opened(*_: Any, **__: Any) -> Any:
    """A transaction in which nothing is asked."""
    yield None


@pytest.fixture
def taken_on(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose restatements were taken on, in order; each breaks off without getting on."""
    found: list[str] = []

    async def waiting(*_: Any, **__: Any) -> list[Restatement]:
        return [BROKEN, *([] if "umbrella" in found else [OTHER])]

    async def nothing(*_: Any, **__: Any) -> bool:
        return True

    async def run_on(_: Computer, restatement: Restatement) -> None:
        found.append(restatement.community)

    monkeypatch.setattr(computing, "begin", opened)
    monkeypatch.setattr(computing.store, "next_to_work_out", waiting)
    monkeypatch.setattr(computing.store, "try_to_hold", nothing)
    monkeypatch.setattr(computing.store, "let_go", nothing)
    monkeypatch.setattr(Computer, "_run_on", run_on)
    return found


async def test_what_is_half_posted_and_breaks_is_tried_again_behind_all_others(taken_on: list[str]) -> None:
    computer = Computer(cast("Any", Pool()), cast("Any", None), cast("Any", None))
    assert await computer.turn()
    assert taken_on == ["umbrella"]
    # Nobody else waits: it is tried again, and the process may rest.
    assert not await computer.turn()
    assert taken_on == ["umbrella", "acme"]


@pytest.mark.parametrize(("awards_count", "failure"), [(11, RestatementFailure.TOO_ENTANGLED), (10, None)])
async def test_what_is_posted_in_one_transaction_has_a_bound(
    monkeypatch: pytest.MonkeyPatch, awards_count: int, failure: RestatementFailure | None
) -> None:
    """A limit for everybody makes one part of all of its awards, and nothing is scored while that is posted."""
    settings = SimpleNamespace(restatement_entangled_max_count=10)
    computer = Computer(cast("Any", Pool()), cast("Any", None), cast("Any", settings))

    async def parts(*_: Any) -> list[Part]:
        return [Part(gone=[str(number) for number in range(awards_count)])]

    async def work_out(*_: Any, **__: Any) -> None:
        raise WorkedOutError

    monkeypatch.setattr(computing, "begin", opened)
    monkeypatch.setattr(Computer, "_parts", parts)
    monkeypatch.setattr(computing, "work_out", work_out)
    reading = SimpleNamespace(restatement=OTHER, events={})
    with pytest.raises((RestatementFailedError, WorkedOutError)) as error:
        await computer._finish(cast("Any", reading))
    assert getattr(error.value, "failure", None) is failure


async def test_what_its_pieces_take_together_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody else waits all of them are read in one turn."""
    settings = SimpleNamespace(
        restatement_max_seconds=2.5, restatement_events_max_count=10, backtest_piece_max_count=1
    )

    async def nothing(*_: Any, **__: Any) -> None:
        pass

    async def read(*_: Any) -> Any:
        return [], {}

    log = SimpleNamespace(read=read)
    computer = Computer(cast("Any", Pool()), cast("Any", log), cast("Any", settings))
    monkeypatch.setattr(computing, "begin", opened)
    monkeypatch.setattr(computing, "time", SimpleNamespace(monotonic=count().__next__))
    monkeypatch.setattr(computing.part_store, "add_piece", nothing)
    monkeypatch.setattr(Computer, "_give_way", nothing)
    monkeypatch.setattr(Computer, "_note", nothing)
    reading = Reading(OTHER, cast("Any", None), cast("Any", None), Ranges({}, {}), {})
    await computer._piece(reading)
    await computer._piece(reading)
    with pytest.raises(RestatementFailedError, match="too_long"):
        await computer._piece(reading)
