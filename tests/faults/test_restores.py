"""Databases that come from a backup while events come in."""

from pathlib import Path

import pytest

from shared.services import SERVICES
from tests.faults.arena import Arena
from tests.faults.conftest import quick
from tests.integration.services.backups import backup, restore

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(300)]


@quick
async def test_each_service_is_restored_in_one_load(platform_under_faults: Arena, tmp_path: Path) -> None:
    """One after the other goes back to where it stood; what it told since is known again, and told once."""
    arena = platform_under_faults
    async with arena.run("37 each database restored from a backup") as run:
        await run.moment(0.1, 0.2)
        saved = {service: await backup(arena.state, service, tmp_path) for service in SERVICES}
        await run.moment(0.4, 0.5)
        for service, file in saved.items():
            await arena.workers.stop(service)
            await restore(arena.state, service, file)
            arena.workers.start(service)
            await arena.workers.ready(service)
        run.recovers()


async def test_all_services_are_restored_at_once(platform_under_faults: Arena, tmp_path: Path) -> None:
    """Nobody can ask another what was: each has its own topics."""
    arena = platform_under_faults
    async with arena.run("37 all databases restored from backups") as run:
        await run.moment(0.1, 0.2)
        saved = {service: await backup(arena.state, service, tmp_path) for service in SERVICES}
        await run.moment(0.4, 0.5)
        for service in SERVICES:
            await arena.workers.stop(service)
        for service, file in saved.items():
            await restore(arena.state, service, file)
        for service in SERVICES:
            arena.workers.start(service)
        run.recovers()
