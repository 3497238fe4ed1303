"""Who is paid to one account, and who to the payer's, is told without the account."""

from typing import Any

import pytest

from services.rewards.payouts.links.handlers import on_links_told, on_programmes
from shared.contracts.facts import MEMBER_LINKS_CHANGED
from tests.integration.services.rewards.finance import PAYER

pytestmark = pytest.mark.stack

FIRST, SECOND = "NL91ABNA0417164300", "FR1420041010050500013M02606"


class Links:
    """Sets bank details, and sees what was told."""

    def __init__(self, world: Any, api: Any) -> None:
        self.world, self.api = world, api
        self.facts: list[Any] = []

    async def pay(self, member: str, iban: str) -> None:
        body = {"name": "Somebody", "iban": iban}
        answer = await self.api.put(f"/v1/payees/{self.world.uuid(member)}", json=body)
        assert answer.status_code == 200, answer.text

    async def told(self) -> dict[str, tuple[int, bool, str | None]]:
        """What is told by now, by member: how many share, whether it is the payer's, and the account's id."""
        published = await self.world.outbox()
        for row in published:
            if row["topic"] == "member_links.v1":
                self.facts.append(MEMBER_LINKS_CHANGED.adapter.validate_json(row["value"]))
                assert b"NL91" not in row["value"]
        said = {fact["data"]["member_id"]: fact["data"] for fact in self.facts}
        names = {self.world.uuid(name): name for name in ("ann", "bob", "cat")}
        return {
            names[member]: (data["members_count"], data["is_payer"], data.get("account_id"))
            for member, data in said.items()
        }


@pytest.fixture
async def links(world: Any, clients: Any) -> Links:
    await world.publish()
    await world.join("ann", "bob", "cat")
    return Links(world, await clients("payouts:write", "payouts:read"))


async def test_members_of_one_account_are_told_and_parted(links: Links) -> None:
    await links.pay("ann", FIRST)
    assert await links.told() == {}
    await links.pay("bob", FIRST)
    told = await links.told()
    account = told["ann"][2]
    assert account is not None
    assert told == {"ann": (2, False, account), "bob": (2, False, account)}
    await links.pay("cat", FIRST)
    assert await links.told() == dict.fromkeys(("ann", "bob", "cat"), (3, False, account))
    await links.pay("bob", SECOND)
    assert await links.told() == {
        "ann": (2, False, account),
        "bob": (1, False, None),
        "cat": (2, False, account),
    }


async def test_the_account_that_pays_is_told_and_what_was_told_is_read_back(links: Links) -> None:
    await links.pay("ann", PAYER["iban"])
    assert await links.told() == {"ann": (1, True, None)}
    # Whoever was there before the community paid from it, too.
    await links.pay("bob", SECOND)
    rewards = {"payout": {"currency": "EUR", "points": 100, "minor": 50, "minimum_points": 500}}
    rewards["payout"]["paying_account"] = PAYER | {"iban": SECOND, "bic": None}
    await links.world.handle(
        on_programmes, links.world.programme_fact(2, {"programme": "demo", "rewards": rewards})
    )
    assert (await links.told())["bob"] == (1, True, None)
    facts = list(links.facts)
    await links.world.pool.execute("delete from member_links where community = $1", links.world.community)
    await links.world.handle(on_links_told, *facts)
    await links.pay("bob", FIRST)
    assert (await links.told())["bob"] == (1, False, None)
    assert links.facts[-1]["data"]["revision"] == 2
