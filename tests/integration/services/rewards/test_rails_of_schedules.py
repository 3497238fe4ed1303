"""One schedule prepares a run for each rail by which somebody is to be paid; one that fails stops no other."""

import asyncio
import json
import secrets
from time import monotonic
from typing import Any

import pytest
from click.testing import CliRunner

from plaudit.cli import main
from services.rewards.metrics import PAYOUT_SCHEDULES_REFUSED
from services.rewards.payouts.fees.handlers import ask_for_fees
from services.rewards.payouts.schedules.handlers import prepare_scheduled
from tests.integration.services.rewards.finance import Finance
from tests.integration.services.rewards.remitting import remitting
from tests.integration.services.rewards.test_payout_schedules import in_force, later, runs, wake, wake_until
from tests.integration.services.rewards.test_rates import in_force as rates_in_force
from tests.integration.services.rewards.test_three_currencies import three
from tests.local_providers import served

pytestmark = pytest.mark.stack


def by_rail(items: list[Any]) -> dict[tuple[str | None, str], Any]:
    return {(one["provider"], one["currency"]): one for one in items}


async def rates(finance: Finance) -> None:
    await rates_in_force(
        finance, source="table", spread_basis_points=0, effective_from="2026-01-01", max_age_days=3_650
    )


async def previews(finance: Finance) -> dict[tuple[str | None, str], Any]:
    answer = await finance.maker.get("/v1/payout-run-previews")
    assert answer.status_code == 200, answer.text
    return by_rail(answer.json()["items"])


async def test_each_currency_has_a_run_and_one_without_a_rate_stops_no_other(finance: Finance) -> None:
    await three(finance)
    schedule = await in_force(finance)
    seen = await previews(finance)
    assert set(seen) == {(None, "EUR"), (None, "JPY"), (None, "KWD")}
    euro = seen[None, "EUR"]["would"]
    assert (euro["paid"]["payouts_count"], euro["paid"]["amount_minor"]) == (1, 600)
    assert seen[None, "JPY"]["would"] is None
    assert "a policy of rates has to be proposed and approved" in seen[None, "JPY"]["not_made"]
    later(finance, schedule["next_times"][0]["at"], seconds=1)
    (past,) = await wake_until(finance, schedule, "refused")
    found = by_rail(past["runs"])
    assert found[None, "EUR"]["run_id"] == past["run_id"]
    assert {key: one["state"] for key, one in found.items() if one["run_id"] is None} == {
        (None, "JPY"): "refused",
        (None, "KWD"): "refused",
    }
    assert past["reason"] == found[None, "JPY"]["reason"]
    async with finance.world.begin() as tx:
        await prepare_scheduled(tx)
    assert PAYOUT_SCHEDULES_REFUSED._value.get() >= 1
    # With rates the next time has the other two; the euro run waits still, and nobody is in two.
    await rates(finance)
    seen = await previews(finance)
    assert {key: one["would"]["paid"]["amount_minor"] for key, one in seen.items()} == {
        (None, "EUR"): 0,
        (None, "JPY"): 979,
        (None, "KWD"): 2_014,
    }
    later(finance, schedule["next_times"][1]["at"], seconds=1)
    past = (await wake_until(finance, schedule, "computing", "refused"))[0]
    for _ in range(10):
        await wake(finance)
    past = (await wake_until(finance, schedule, "prepared", "refused"))[0]
    assert set(by_rail(past["runs"])) == {(None, "JPY"), (None, "KWD")}
    assert sorted(run["currency"] for run in await runs(finance)) == ["EUR", "JPY", "KWD"]


async def test_who_is_paid_by_a_provider_has_a_run_by_it_from_the_same_schedule(finance: Finance) -> None:
    async with remitting(finance, secrets.token_urlsafe(32)) as till:
        schedule = await in_force(finance)
        seen = await previews(finance)
        assert set(seen) == {(None, "EUR"), ("sandbox", "EUR")}
        would = seen["sandbox", "EUR"]["would"]
        assert (would["provider"], would["paid"]["amount_minor"], would["stopped"]) == ("sandbox", 600, None)
        assert would["held"]["payouts_count"] == 0
        # Bob is paid by bank, and has said nothing of where.
        assert seen[None, "EUR"]["would"]["held_for"] == [
            {"reason": "no bank details", "payouts_count": 1, "amount_minor": 250}
        ]
        alone = await finance.maker.get("/v1/payout-run-preview", params={"provider": "sandbox"})
        assert alone.json()["paid"] == would["paid"]
        later(finance, schedule["next_times"][0]["at"], seconds=1)
        for _ in range(100):
            await wake(finance)
            made = await runs(finance)
            if len(made) == 2 and {run["state"] for run in made} == {"open"}:
                break
        past = (await wake_until(finance, schedule, "prepared"))[0]
        found = by_rail(past["runs"])
        assert set(found) == {(None, "EUR"), ("sandbox", "EUR")}
        by_provider = next(run for run in made if run["provider"] == "sandbox")
        assert by_provider["run_id"] == found["sandbox", "EUR"]["run_id"]
        assert (await finance.approve(by_provider)).status_code == 200
        assert (await finance.file(by_provider)).status_code == 200
        await finance.world.published()
        await till.work()
        assert await till.state(by_provider) == "settled"


async def command(finance: Finance, *said: str) -> str:
    """What a command says, of the service as it is."""
    api = finance.maker
    key = api.headers["authorization"].partition(" ")[2]
    async with served(api._transport.app) as url:
        where = ["--url", url, "--key", key, "--community", finance.world.community]
        result = await asyncio.to_thread(CliRunner().invoke, main, [*said, *where])
    assert result.exit_code == 0, result.output
    return str(result.output)


async def test_commands_say_of_each_rail_what_would_be_paid_and_what_a_run_would_cost(finance: Finance) -> None:
    async with remitting(finance, secrets.token_urlsafe(32)) as till:
        found = json.loads(await command(finance, "payout-runs", "preview", "--json"))
        assert set(by_rail(found["items"])) == {(None, "EUR"), ("sandbox", "EUR")}
        said = await command(finance, "payout-runs", "preview")
        assert "bank in EUR: 1 would wait: no bank details" in said
        assert "6.00" in said
        run = await till.run()
        assert "not quoted: nobody asked yet" in await command(finance, "payout-runs", "fees", run["run_id"])
        await ask_for_fees(finance.world.begin, monotonic())
        said = await command(finance, "payout-runs", "fees", run["run_id"])
        assert said.startswith("1 payout: 6.25 EUR leave, members get 6.00 EUR, 0.25 EUR are fees, until ")


async def test_a_provider_without_an_account_is_said_before_and_makes_no_run(finance: Finance) -> None:
    async with remitting(finance, secrets.token_urlsafe(32)):
        answer = await finance.maker.post("/v1/providers/sandbox/disconnect")
        assert answer.status_code < 300, answer.text
        schedule = await in_force(finance)
        would = (await previews(finance))["sandbox", "EUR"]["would"]
        assert would["stopped"].startswith("the community has no account at sandbox")
        later(finance, schedule["next_times"][0]["at"], seconds=1)
        (past,) = await wake_until(finance, schedule, "refused")
        found = by_rail(past["runs"])
        assert found["sandbox", "EUR"]["reason"] == would["stopped"]
        assert found[None, "EUR"]["run_id"] is not None
