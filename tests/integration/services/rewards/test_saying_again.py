"""What a bank says comes late, twice and in lists: each payout is named with what happened to it."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.services.rewards.finance import Finance, check, filed

pytestmark = pytest.mark.stack


async def ids(finance: Finance, run: Any) -> dict[str, str]:
    return {name: payout["payout_id"] for name, payout in (await finance.payouts(run)).items()}


def said(answer: Any) -> dict[str, tuple[str, str]]:
    assert answer.status_code in (200, 202), answer.text
    return {one["payout_id"]: (one["said"], one["state"]) for one in answer.json()["payouts"]}


async def test_that_it_was_sent_comes_after_it_was_settled(both: Finance) -> None:
    run = await filed(both)
    of = await ids(both, run)
    assert said(await both.outcome(run, "settled", payout_ids=[of["ada"]])) == {of["ada"]: ("changed", "settled")}
    for _ in range(2):
        answer = await both.outcome(run, "sent", payout_ids=[of["ada"]])
        assert said(answer) == {of["ada"]: ("unchanged", "settled")}
        assert answer.json()["changed_count"] == 0
    answer = await both.outcome(run, "sent", payout_ids=[of["ada"], of["bob"]])
    assert said(answer) == {of["ada"]: ("unchanged", "settled"), of["bob"]: ("changed", "sent")}
    await both.outcome(run, "reversed", payout_ids=[of["ada"]])
    for state in ("sent", "settled"):
        assert said(await both.outcome(run, state, payout_ids=[of["ada"]])) == {
            of["ada"]: ("unchanged", "reversed")
        }


async def test_one_that_is_stale_is_named_alone_and_nothing_is_half_done(both: Finance) -> None:
    run = await filed(both)
    of = await ids(both, run)
    stranger = str(uuid4())
    await both.outcome(run, "settled", payout_ids=[of["ada"]])
    for state, confirms in (("returned", False), ("failed", False)):
        refused = await both.propose(run, state, payout_ids=[of["bob"], of["ada"], stranger])
        assert refused.status_code == 409, confirms
        assert refused.json()["errors"] == [
            {
                "field": "/payout_ids/1",
                "detail": f"Payout {of['ada']}: a payout that is settled cannot become {state}",
            },
            {"field": "/payout_ids/2", "detail": f"Payout {stranger}: it is not one of this run"},
        ]
    refused = await both.outcome(run, "sent", payout_ids=[of["bob"], stranger])
    assert [error["field"] for error in refused.json()["errors"]] == ["/payout_ids/1"]
    states = {name: payout["state"] for name, payout in (await both.payouts(run)).items()}
    assert states == {"ada": "settled", "bob": "submitted"}
    assert (await both.maker.get("/v1/payout-outcomes")).json()["items"] == []
    assert (await check(both))["balanced"]


async def test_what_is_proposed_names_each_payout_too(both: Finance) -> None:
    run = await filed(both)
    of = await ids(both, run)
    await both.outcome(run, "returned", payout_ids=[of["ada"]])
    proposed = await both.propose(run, "returned", payout_ids=[of["ada"], of["bob"]])
    assert said(proposed) == {of["ada"]: ("unchanged", "returned"), of["bob"]: ("proposed", "submitted")}
    confirmed = await both.confirm(run, proposed.json()["outcome"])
    assert said(confirmed) == {of["bob"]: ("changed", "returned")}


async def test_what_is_said_of_all_goes_on_in_pieces(both: Finance) -> None:
    run = await filed(both)
    both.world.configure(payouts_per_piece_max_count=1)
    answer = await both.outcome(run, "settled")
    assert (answer.json()["changed_count"], answer.json()["is_complete"]) == (2, True)
    assert (await both.outcome(run, "settled")).json()["changed_count"] == 0
    audited = await both.world.pool.fetchval(
        "select count(*) from audit_entries where community = $1 and command = 'payout_run.note_outcome'",
        both.world.community,
    )
    assert audited == 2
