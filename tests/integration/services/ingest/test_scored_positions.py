"""How the front door learns how far scoring is: from what scoring tells the broker."""

import time
from typing import Any
from uuid import uuid4

import pytest

from services.ingest.brake.handlers import asking
from services.ingest.settings import Settings
from services.scoring.main import SPEC as SCORING
from shared.topics import EVENTS, record_key
from tests.integration.services.process import running, send
from tests.waiting import until

pytestmark = pytest.mark.stack

#: Scoring tells it ten times a second; machines of tests have pauses.
TOLD_WITHIN_SECONDS = 30.0


async def test_ingest_may_ask_and_scoring_says_at_once_where_it_is(stack: Any) -> None:
    """Ingest asks as itself, with the rights that it has at the broker."""
    settings = Settings(**stack.settings("ingest"))
    community = f"c{uuid4().hex[:12]}"
    async with (
        running(SCORING, SCORING.settings(**stack.settings("scoring"))),
        asking(settings.broker) as ask,
    ):

        async def all_is_scored() -> bool:
            ends, scored = await ask()
            return scored == ends

        await until(all_is_scored)
        before, _ = await ask()
        # Whether it can be scored or is put aside: it is over.
        await send(stack.state, [(EVENTS, record_key(community, "m"), {"community": community})])
        after, _ = await ask()
        assert sum(after.values()) == sum(before.values()) + 1
        started = time.monotonic()
        await until(all_is_scored)
        assert time.monotonic() - started < TOLD_WITHIN_SECONDS
