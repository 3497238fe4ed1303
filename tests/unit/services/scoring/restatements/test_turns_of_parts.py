"""Whose part is posted next: one that breaks keeps no other community waiting."""

from collections.abc import Collection
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.scoring.restatements.domain.restatements import Restatement
from services.scoring.restatements.handlers import posting
from tests.unit.services.scoring.restatements.test_turns_of_restatements import POSTING

OTHER = replace(POSTING, community="umbrella", restatement_id="7f6c1f0e-6b0d-4d0a-9a53-2f8f5a7f0b11")


async def test_a_part_that_breaks_is_tried_again_behind_those_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[str] = []

    async def is_any(_: Any) -> bool:
        return False

    async def next_to_post(_: Any, *, behind: Collection[str]) -> Restatement:
        return min((POSTING, OTHER), key=lambda one: (one.restatement_id in behind, one.community))

    async def post_part(_: Any, restatement: Restatement) -> None:
        if restatement is POSTING and "umbrella" not in posted:
            raise ValueError
        posted.append(restatement.community)

    monkeypatch.setattr(posting, "READ_BACK_LEFT", SimpleNamespace(is_any=is_any))
    monkeypatch.setattr(posting.store, "lock_next_to_post", next_to_post)
    monkeypatch.setattr(posting, "_post_part", post_part)
    tx = cast("Any", SimpleNamespace(conn=None))
    with pytest.raises(ValueError):  # noqa: PT011 -- made here
        await posting.post_next(tx)
    assert await posting.post_next(tx)
    assert posted == ["umbrella"]
