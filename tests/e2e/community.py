"""A community of the running platform, as its users and its databases see it."""

import json
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg

from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from shared.postgres import database_url, role_name

ROOT = Path(__file__).parents[2]
COMMAND_SECONDS = 200


class Community:
    """Feeds input in through the command line, and reads back what every service made of it."""

    def __init__(self, state: StackState, name: str) -> None:
        self.state = state
        self.name = name

    def plaudit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the `plaudit` command on this community."""
        command = [
            sys.executable,
            "-m",
            "plaudit",
            *arguments,
            "--stack",
            self.state.name,
            "--community",
            self.name,
        ]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )

    def run(self, *arguments: str) -> Any:
        """Run the command with --json, which must succeed, and return what it printed."""
        done = self.plaudit(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    async def settled(self) -> None:
        """Wait until the whole platform has nothing under way."""
        await wait_until_idle(self.state)

    async def query(self, service: str, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask a service's database; $1 is the community."""
        connection = await asyncpg.connect(database_url(self.state.postgres_admin_url, role_name(service)))
        try:
            return list(await connection.fetch(sql, self.name, *arguments))
        finally:
            await connection.close()

    async def people(self) -> dict[str, str]:
        """The id on its channel of every member, by member id."""
        rows = await self.query("ingest", "select member_id, identity from identities where community = $1")
        return {str(row["member_id"]): row["identity"] for row in rows}

    async def points(self, service: str) -> Counter[str]:
        """Points by person: as scoring awarded, recognition counts, rewards keeps, or analytics saw."""
        sql = {
            "scoring": """
                select member_id, sum(points) as points from awards
                where community = $1 and score is null group by 1""",
            "recognition": "select member_id, points from members where community = $1",
            "rewards": """
                select owner as member_id, sum(amount) as points from balances
                join accounts using (community, account_id)
                where community = $1 and owner is not null and currency = 'PTS' group by 1""",
            "analytics": "select member_id, sum(points) as points from awards where community = $1 group by 1",
        }[service]
        people = await self.people()
        rows = await self.query(service, sql)
        return Counter({people[str(row["member_id"])]: int(row["points"]) for row in rows if row["points"]})

    async def standing(self, service: str) -> dict[str, set[str]]:
        """Badges and levels by person: those granted and not taken back."""
        people = await self.people()
        rows = await self.query(
            service,
            """
            select member_id, name from grants g where community = $1 and reverses is null and not exists
                (select from grants r where r.community = g.community and r.reverses = g.grant_id)
            """,
        )
        held: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            held[people[str(row["member_id"])]].add(row["name"])
        return dict(held)

    async def participation(self) -> tuple[dict[date, int], dict[date, int]]:
        """Events by day, and members active by day, as analytics counted them."""
        rows = await self.query(
            "analytics",
            """
            select day, sum(events) as events, count(distinct member_id) as members
            from member_days where community = $1 and events > 0 group by day
            """,
        )
        return {row["day"]: int(row["events"]) for row in rows}, {row["day"]: int(row["members"]) for row in rows}

    async def snapshot(self) -> dict[str, int]:
        """The number of rows of every table of facts, and Σ of the ledger's entries."""
        tables = {
            "ingest": ("events", "members", "identities"),
            "scoring": ("activities", "awards"),
            "recognition": ("grants",),
            "rewards": ("transfers", "entries", "lots"),
            "analytics": ("events", "awards", "grants"),
        }
        counts = {}
        for service, names in tables.items():
            for name in names:
                row = await self.query(service, f"select count(*) as n from {name} where community = $1")
                counts[f"{service}.{name}"] = int(row[0]["n"])
        total = await self.query(
            "rewards", "select coalesce(sum(amount), 0) as s from entries where community = $1"
        )
        counts["rewards sum of entries"] = int(total[0]["s"])
        return counts
