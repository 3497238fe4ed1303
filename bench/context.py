"""What the parts of a run share: its size, its stack, its results and its progress."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.results import Results
from plaudit.access import issue_key
from plaudit.calls import request
from plaudit.stack import StackState, reset, start, stop
from plaudit.stack.idle import wait_until_idle
from shared.access_keys import SCOPES, together
from shared.postgres import database_url, role_name

ROOT = Path(__file__).parents[1]
ONE_POINT = Path(__file__).parent / "one-point.yaml"
MESSAGES = ROOT / "programmes" / "messages.yaml"
SETTLE_SECONDS = 600.0
#: Shares that are never used up: what is measured is behind the door. The part `share` measures the door.
WITHOUT_SHARES: dict[str, Any] = {
    "key_events_per_second": 1e9,
    "key_bytes_per_second": 1e11,
    "community_events_per_second": 1e9,
    "community_bytes_per_second": 1e11,
    "all_events_per_second": 1e9,
    "all_bytes_per_second": 1e11,
    "line_age_max_seconds": 1e9,
    "scored_age_max_seconds": 0,
}
INFRASTRUCTURE = ("kafka", "postgres")


@dataclass
class Context:
    """One run of the benchmark."""

    stack: str
    quick: bool
    soak_minutes: float
    results: Results
    say: Callable[[str], None]

    @property
    def round_count(self) -> int:
        """How often each rate is measured; the median is reported."""
        return 3 if self.quick else 5

    def say_number(self, text: str) -> None:
        """Tell of an absolute number, with the machine's factor beside it."""
        factor = self.results.factor
        self.say(text if factor is None else f"{text} (factor {factor:.2f})")

    async def up(
        self, only: Sequence[str] | None = None, role: str = "all", *, shares: bool = False
    ) -> StackState:
        """The stack with all parts, or `only` some, running; `role` is what the services do.

        With `shares` its front door shares itself out as by default.
        """
        without = {} if shares else WITHOUT_SHARES
        environment = {f"PLAUDIT_{name.upper()}": str(value) for name, value in without.items()}
        return await asyncio.to_thread(start, self.stack, only=only, role=role, environment=environment)

    async def infrastructure(self) -> StackState:
        """Kafka and PostgreSQL with all topics and databases, and no service."""
        return await self.up(INFRASTRUCTURE)

    async def down(self) -> None:
        """Stop the stack; its data stays."""
        await asyncio.to_thread(stop, self.stack)

    async def reset(self) -> None:
        """Stop the stack and delete its data."""
        await asyncio.to_thread(reset, self.stack)

    async def new_community(self, state: StackState, programme: Path | None) -> tuple[str, str]:
        """A community that nothing was sent for yet, with its programme; returns its name and a key."""
        name = f"bench-{uuid.uuid4().hex[:10]}"
        key = (await asyncio.to_thread(issue_key, state, name, "benchmark", together(SCOPES)))["key"]
        if programme is not None:
            await asyncio.to_thread(_publish, state, key, programme)
            await self.settled(state)
        return name, key

    async def settled(self, state: StackState) -> None:
        """Return when nothing is under way any more."""
        await wait_until_idle(state, SETTLE_SECONDS)

    async def query(self, state: StackState, service: str, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask a service's database, as the administrator."""
        connection = await asyncpg.connect(database_url(state.postgres_admin_url, role_name(service)))
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()


def _publish(state: StackState, key: str, programme: Path) -> None:
    request(
        "POST",
        f"{state.service_urls['scoring']}/v1/programmes",
        key,
        content=programme.read_bytes(),
        headers={"Content-Type": "application/yaml"},
    )
