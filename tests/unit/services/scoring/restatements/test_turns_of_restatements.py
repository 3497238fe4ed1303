"""Whose turn it is to be worked out: one that breaks again and again keeps no other waiting."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from services.scoring.backtests.domain.summing import Asked
from services.scoring.programmes.domain.publication import Author
from services.scoring.restatements.domain.restatements import (
    ATTEMPTS_MAX_COUNT,
    Restatement,
    RestatementState,
)
from services.scoring.restatements.handlers import computing
from services.scoring.restatements.handlers.computing import Computer

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


class Pool:
    """Connections that nothing is asked of."""

    @asynccontextmanager
    async def acquire(self) -> Any:
        yield None


@pytest.fixture
def taken_on(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose restatements were taken on, in order; each breaks off without getting on."""
    found: list[str] = []

    @asynccontextmanager
    async def opened(*_: Any, **__: Any) -> Any:
        yield None

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
