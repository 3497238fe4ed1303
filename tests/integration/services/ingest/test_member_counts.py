"""How many members there are of each mark is kept with every change, and is what counting them one by one says."""

import asyncio
import random
from typing import Any

import pytest

from services.ingest.directory import store
from services.ingest.members.domain import Email, IdentityKey
from services.ingest.members.store.identities import set_emails
from tests.integration.services.ingest.conftest import SCOPES, Community, event, handle, raw_fact
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

STEP_COUNT = 60
PROVEN = "(i.email_verified or i.joined_by is not null or i.subject_hash is not null)"
OF_MEMBER = f"select from identities i where i.community = m.community and i.member_id = m.member_id and {PROVEN}"
COUNTED = f"""
    select count(*), count(*) filter (where bot_by is null), count(bot_by), count(staff_by), count(departed_by),
        count(hidden_by), count(*) filter (where bot_by is null and not exists ({OF_MEMBER}))
    from members m where community = $1 and erased_at is null
"""


@pytest.fixture
async def community(community: Community) -> Community:
    scopes = (*SCOPES, "members:erase")
    community.client.headers.update(await authorization(community.pool, community.name, *scopes))
    return community


async def kept(community: Community) -> tuple[int, ...]:
    items = (await community.client.get("/v1/members/counts")).json()["items"]
    return tuple(one["count"] for one in items)


async def counted(community: Community) -> tuple[int, ...]:
    return tuple(await community.pool.fetchrow(COUNTED, community.name))


class History:
    """Steps of a history, each drawn; what the API refuses changes nothing."""

    def __init__(self, community: Community, seed: int) -> None:
        self.community = community
        self.draw = random.Random(seed)
        self.handles = 0
        self.statuses = set[tuple[str, int]]()

    async def member(self) -> str:
        rows = await self.community.pool.fetch(
            "select member_id::text from members where community = $1 order by 1", self.community.name
        )
        return str(self.draw.choice(rows)["member_id"])

    def handle(self) -> str:
        """Somebody new, or who was here before."""
        self.handles += self.draw.random() < 0.6
        return f"u{self.draw.randint(max(0, self.handles - 9), self.handles)}"

    async def ask(self, what: str, method: str, path: str, body: dict[str, Any]) -> None:
        answer = await self.community.client.request(method, path, json=body)
        assert answer.status_code < 500, answer.text
        self.statuses.add((what, answer.status_code // 100))

    async def step(self, number: int) -> None:
        what = self.draw.choice(["seen", "seen", "declared", "standing", "merge", "unmerge", "erase"])
        if what == "seen" or number < 3:
            many = [event(f"{number}-{one}", self.handle(), name="Ada") for one in range(self.draw.randint(1, 4))]
            facts = [
                raw_fact(self.community.name, one, receiptid=f"r{number}", receiptindex=index)
                for index, one in enumerate(many)
            ]
            await handle(self.community, *facts)
        elif what == "declared":
            said = [{"channel": "forum", "id": self.handle()}, {"channel": "chat", "id": self.handle()}]
            proof = {"email_sha256": f"{self.draw.randint(1, 6):064}", "email_verified": self.draw.random() < 0.5}
            said[0] |= proof if self.draw.random() < 0.7 else {}
            body = {"identities": said[: self.draw.randint(1, 2)]}
            await self.ask(what, "PUT", "/v1/members/identities", body)
        elif what == "standing":
            marks = {
                name: self.draw.random() < 0.6
                for name in self.draw.sample(["bot", "staff", "departed", "hidden"], 2)
            }
            await self.ask(what, "PUT", f"/v1/members/{await self.member()}/standing", marks)
        elif what == "merge":
            body = {"member_id": await self.member()}
            await self.ask(what, "POST", f"/v1/members/{await self.member()}/merge", body)
        elif what == "unmerge":
            row = await self.community.pool.fetchrow(
                "select member_id::text, head_id::text from merges where community = $1 limit 1",
                self.community.name,
            )
            if row is not None:
                body = {"member_id": row["member_id"]}
                await self.ask(what, "POST", f"/v1/members/{row['head_id']}/unmerge", body)
        elif self.draw.random() < 0.4:
            await self.ask(what, "POST", f"/v1/members/{await self.member()}/erase", {"points": "forfeited"})


async def test_counts_are_those_of_the_members_after_every_step(community: Community) -> None:
    history = History(community, 1)
    for number in range(STEP_COUNT):
        await history.step(number)
        assert await kept(community) == await counted(community), number
        if number % 15 == 0:
            async with community.pool.acquire() as conn:
                await store.fold_counts(conn, limit_count=10)
    assert {("declared", 2), ("standing", 2), ("merge", 2), ("unmerge", 2), ("erase", 2)} <= history.statuses
    await history.ask("seen", "PUT", "/v1/members/identities", {"identities": [{"channel": "forum", "id": "ci"}]})
    marks = {"bot": True, "staff": True, "departed": True, "hidden": True}
    await history.ask("all of it", "PUT", "/v1/members/forum:ci/standing", marks)
    assert all(await kept(community)), "a history that has some of each"
    async with community.pool.acquire() as conn:
        while await store.fold_counts(conn, limit_count=1000) > 1:
            pass
    rows = "select count(*) from member_counts where community = $1"
    assert await community.pool.fetchval(rows, community.name) == 1
    assert await kept(community) == await counted(community)


async def test_two_who_prove_identities_of_one_member_at_once_count_once(community: Community) -> None:
    body = {"identities": [{"channel": "forum", "id": "ada"}, {"channel": "chat", "id": "ada"}]}
    assert (await community.client.put("/v1/members/identities", json=body)).status_code == 200
    assert (await kept(community))[-1] == 1

    async def prove(channel: str, began: asyncio.Event, goes_on: asyncio.Event) -> None:
        key = IdentityKey(community.name, channel, "ada")
        async with community.pool.acquire() as conn, conn.transaction():
            await set_emails(conn, emails={key: Email(f"{channel}-hash", True)})
            began.set()
            await goes_on.wait()

    first_did, go, nothing = asyncio.Event(), asyncio.Event(), asyncio.Event()
    nothing.set()
    first = asyncio.create_task(prove("forum", first_did, go))
    await first_did.wait()
    second = asyncio.create_task(prove("chat", asyncio.Event(), nothing))
    # The first has the member's row until it ends; the second counts what is so then.
    done, _ = await asyncio.wait([second], timeout=0.1)
    assert not done
    go.set()
    await asyncio.gather(first, second)
    assert (await kept(community))[-1] == 0
    assert await kept(community) == await counted(community)
