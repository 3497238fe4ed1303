"""Where the community says so, a version is backtested before it is submitted: that very text, and lately."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from tests.integration.services.scoring.conftest import RULES

pytestmark = pytest.mark.stack

MORE = RULES.replace("points: 1}", "points: 2}")


async def say(world: Any, *, backtest: bool) -> None:
    """The community as ingest tells of it."""
    data = {"review_policy": {"publishing": "one_person", "backtest": backtest}, "calendar": []}
    await world.pool.execute(
        """
        insert into followed_communities (community, revision, data) values ($1, 1, $2)
        on conflict (community) do update set data = excluded.data
        """,
        world.community,
        orjson.dumps(data).decode(),
    )


async def backtested(world: Any, api: httpx.AsyncClient, text: str, asked_at: datetime) -> None:
    """A backtest of a text that is done."""
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    asked = (await api.post("/v1/backtests", json={"since": since, "drafts": [{"text": text}]})).json()
    await world.pool.execute(
        """
        update backtests set state = 'done', ended_at = $3, asked_at = $3, result = '{}'
        where community = $1 and backtest_id = $2
        """,
        world.community,
        asked["backtest_id"],
        asked_at,
    )


async def test_a_draft_is_refused_until_its_exact_text_was_backtested(world: Any, api: httpx.AsyncClient) -> None:
    await say(world, backtest=True)
    # The first version has nothing to be compared with.
    await world.publish(RULES)
    draft = (await api.post("/v1/programme-drafts", json={"title": "More", "text": MORE})).json()
    path = f"/v1/programme-drafts/{draft['draft_id']}/submit"
    body = {"revision": 1, "note": "Twice as much", "review": False}

    async def refused() -> str:
        answer = await api.post(path, json=body)
        assert answer.status_code == 409, answer.text
        assert answer.json()["type"] == "urn:plaudit:problem:backtest-missing"
        return str(answer.json()["detail"])

    assert "POST /v1/backtests" in await refused()
    now = datetime.now(UTC)
    await backtested(world, api, MORE + "# Another text", now)
    await refused()
    await backtested(world, api, MORE, now - timedelta(days=world.settings.backtest_valid_days + 1))
    await refused()
    # A programme that is sent without a draft is no way around.
    sent = await api.post("/v1/programmes", params={"note": "Twice"}, content=MORE.encode())
    assert sent.json()["type"] == "urn:plaudit:problem:backtest-missing"
    await backtested(world, api, MORE, now)
    submitted = await api.post(path, json=body)
    assert submitted.status_code == 200, submitted.text
    # To go back takes none.
    back = await api.post("/v1/programmes/1/rollback", json={"note": "As before"})
    assert back.status_code in (200, 201), back.text
    # What is told of each says whether it was, and of what says an earlier version again nothing.
    facts = [fact["data"] for _, _, fact in await world.published() if fact["type"] == "programme.published.v1"]
    assert [one.get("backtested") for one in facts] == [False, True, None]


async def test_where_nobody_says_so_none_is_asked_for(world: Any, api: httpx.AsyncClient) -> None:
    await say(world, backtest=False)
    await world.publish(RULES)
    await world.publish(MORE)
