"""A restore in the midst of paying: what was computed, approved or filed by half goes on, and pays nobody twice."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from services.rewards.main import SPEC
from shared.topics import PROGRAMMES, record_key
from tests.integration.services.backups import backup, restore
from tests.integration.services.process import send
from tests.integration.services.rewards.finance import CATALOGUE, IBANS, ibans_of
from tests.integration.services.rewards.office import TERMS, Office, everything, published
from tests.waiting import until

pytestmark = pytest.mark.stack

#: Nothing goes on unless it is asked for.
BY_HAND = replace(SPEC, timers=[timer for timer in SPEC.timers if timer.name != "carry-on-runs"])
STEPS = {"computing": "open", "approving": "approved", "filing": "filed"}


@asynccontextmanager
async def by_hand(office: Office) -> AsyncIterator[None]:
    """The service with pieces of one payout, each of which has to be asked for."""
    settings, office.spec = office.settings, BY_HAND
    office.settings = settings.model_copy(
        update={"payouts_per_piece_max_count": 1, "payout_request_seconds": 0.0}
    )
    async with office.open():
        yield
    office.spec, office.settings = SPEC, settings


async def begin(office: Office, state: str) -> Any:
    """Ask for a step of the first run, which works at one piece of it."""
    if state == "computing":
        return await office.run("first")
    run = await office.run("first")
    return await (office.approve(run) if state == "approving" else office.ask("POST", path_of(run, "/file")))


async def bring_to(office: Office, state: str) -> Any:
    """Ask until the first run is in a state."""
    for begun, done in STEPS.items():
        while (await shown(office))["state"] != done:
            await begin(office, begun)
        if done == state:
            return await shown(office)
    raise AssertionError(state)


def path_of(run: Any, action: str = "") -> str:
    return f"/v1/payout-runs/{run['run_id']}{action}"


async def shown(office: Office) -> Any:
    return await office.ask("GET", path_of(await office.run("first")))


async def is_in(office: Office, state: str) -> bool:
    return bool((await shown(office))["state"] == state)
