"""What a bank's files say is noted of the payouts in them; what nobody can match waits for a person."""

import time
from typing import Any
from uuid import uuid4

import pytest

from services.rewards.reconciliation.handlers import count_open, note_matched
from tests.integration.services.rewards.finance import Finance, filed
from tests.unit.shared.bank_messages.messages import (
    RETURNED,
    entry,
    of_payment,
    parties,
    payment,
    report,
    statement,
    why,
)

pytestmark = pytest.mark.stack


async def hand_in(api: Any, content: bytes) -> Any:
    answer = await api.post("/v1/bank-messages", content=content, headers={"Content-Type": "application/xml"})
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def lines(api: Any, **which: Any) -> list[Any]:
    answer = await api.get("/v1/bank-lines", params=which)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["items"]
    return found


async def noted(finance: Finance) -> dict[str, str]:
    """Note what was imported; the states of a run's payouts then."""
    await note_matched(finance.world.begin, time.monotonic() + 60)
    rows = await finance.world.pool.fetch(
        "select member_id, state from payouts where community = $1 and state <> 'held'", finance.world.community
    )
    members = {finance.world.uuid(name): name for name in ("ada", "bob", "eve")}
    return {members[str(row["member_id"])]: row["state"] for row in rows}


async def of_each(finance: Finance, run: Any) -> dict[str, Any]:
    return {name: one for name, one in (await finance.payouts(run)).items() if one["state"] != "held"}


def euros(payout: Any) -> str:
    return f"{payout['amount_minor'] // 100}.{payout['amount_minor'] % 100:02}"


async def test_a_statement_settles_and_a_return_waits_for_another_person(both: Finance) -> None:
    run = await filed(both)
    payouts = await of_each(both, run)
    ada, bob = payouts["ada"], payouts["bob"]
    left = [
        entry(euros(one), payment(one["end_to_end_id"]), way="DBIT", reference=f"D-{name}")
        for name, one in payouts.items()
    ]
    back = entry(euros(bob), payment(bob["end_to_end_id"], more=RETURNED), reference="R-bob")
    rent = entry("900.00", payment("RENT-10"), way="DBIT")
    paid_in = entry("50.00", payment("INVOICE-7"))

    message = await hand_in(both.maker, statement("camt.053", *left, back, rent, paid_in))

    assert (message["is_new"], message["name"], message["is_worked_at"]) == (True, "camt.053.001.08", True)
    assert {one["state"]: one["count"] for one in message["lines"]} == {"matched": 3, "unrelated": 2}
    assert await noted(both) == {"ada": "settled", "bob": "settled"}
    found = {one["reference"]: one for one in await lines(both.maker, message=message["message_key"])}
    assert (found["D-ada"]["state"], found["D-ada"]["payout_id"]) == ("noted", ada["payout_id"])
    assert found["D-ada"]["matched_by"] == "end_to_end_id"
    returned = found["R-bob"]
    assert (returned["state"], returned["says"], returned["reason"]) == (
        "proposed",
        "came_back",
        "AC04 ClosedAccountNumber",
    )
    # Money that is payable again takes a second person, whoever imported the file.
    outcome = (await both.approver.get(f"/v1/payout-outcomes/{returned['outcome_id']}")).json()
    assert (outcome["outcome"], outcome["payout_ids"]) == ("reversed", [bob["payout_id"]])
    assert (await both.confirm(run, outcome, both.maker)).status_code == 403
    assert (await both.confirm(run, outcome)).status_code == 200
    assert await noted(both) == {"ada": "settled", "bob": "reversed"}
    assert [one["state"] for one in await lines(both.maker, payout=bob["payout_id"])].count("noted") == 2
    again = await hand_in(both.maker, statement("camt.053", *left, back, rent, paid_in))
    assert (again["is_new"], again["message_key"]) == (False, message["message_key"])
    assert (await both.world.check()).differences == 0


async def test_the_same_booking_in_a_notice_and_a_statement_counts_once(both: Finance) -> None:
    run = await filed(both)
    payouts = await of_each(both, run)
    bob = payouts["bob"]
    back = entry(euros(bob), payment(bob["end_to_end_id"], more=RETURNED), reference="R-1")
    total = sum(one["amount_minor"] for one in payouts.values())
    batch = f"<Btch><PmtInfId>{run['run_id'].replace('-', '')}</PmtInfId><NbOfTxs>2</NbOfTxs></Btch>"
    whole = entry(f"{total // 100}.{total % 100:02}", batch, way="DBIT", reference="B-1")

    await hand_in(both.maker, statement("camt.054", back))
    assert await noted(both) == {"ada": "submitted", "bob": "submitted"}
    (proposed,) = await lines(both.maker, state="proposed")
    outcome = (await both.approver.get(f"/v1/payout-outcomes/{proposed['outcome_id']}")).json()
    assert (await both.confirm(run, outcome)).status_code == 200
    second = await hand_in(both.maker, statement("camt.053", whole, back))

    # The statement comes after the notice: that the file left the account settles whoever did not come back.
    assert await noted(both) == {"ada": "settled", "bob": "returned"}
    found = {one["reference"]: one for one in await lines(both.maker, message=second["message_key"])}
    assert (found["R-1"]["state"], found["R-1"]["same_as"]) == ("again", proposed["line_id"])
    assert (found["B-1"]["state"], found["B-1"]["matched_by"], found["B-1"]["run_id"]) == (
        "noted",
        "run",
        run["run_id"],
    )
    assert (await both.world.check()).differences == 0


async def test_a_file_that_a_bank_refuses_fails_whole_or_in_part_by_two(both: Finance) -> None:
    run = await filed(both)
    payouts = await of_each(both, run)
    named = run["run_id"].replace("-", "")
    part = of_payment(payouts["bob"]["end_to_end_id"], "RJCT", why("AC01"))
    sent = of_payment(payouts["ada"]["end_to_end_id"], "ACSP")
    partly = report("<GrpSts>PART</GrpSts>", sent, part).replace(b"RUN-1", named.encode())

    await hand_in(both.maker, partly)

    assert await noted(both) == {"ada": "sent", "bob": "submitted"}
    (proposed,) = await lines(both.maker, state="proposed")
    assert (proposed["says"], proposed["payout_id"]) == ("failed", payouts["bob"]["payout_id"])
    refused = report("<GrpSts>RJCT</GrpSts>" + why("AM05")).replace(b"RUN-1", named.encode())
    await hand_in(both.maker, refused)
    await noted(both)
    waiting = await lines(both.maker, state="proposed")
    assert {one["level"] for one in waiting} == {"payment", "group"}
    for outcome_id in {one["outcome_id"] for one in waiting}:
        outcome = (await both.approver.get(f"/v1/payout-outcomes/{outcome_id}")).json()
        assert (await both.confirm(run, outcome)).status_code == 200
    assert await noted(both) == {"ada": "failed", "bob": "failed"}
    assert (await both.world.check()).differences == 0


async def test_what_differs_or_is_said_twice_waits_for_a_person(both: Finance) -> None:
    run = await filed(both)
    payouts = await of_each(both, run)
    ada, bob = payouts["ada"], payouts["bob"]
    unknown = entry("2.50", payment(uuid4().hex, more=RETURNED), reference="U-1")
    nameless = entry(euros(bob), payment("", more=RETURNED), reference="N-1")
    twice = [entry(euros(ada), payment(ada["end_to_end_id"]), way="DBIT", reference=one) for one in ("A-1", "A-2")]
    more = entry("999.00", payment(bob["end_to_end_id"]), way="DBIT", reference="M-1")

    await hand_in(both.maker, statement("camt.053", unknown, nameless, *twice, more))

    assert await noted(both) == {"ada": "settled", "bob": "submitted"}
    waiting = {one["reference"]: one for one in await lines(both.maker, state="open")}
    assert {name: one["state"] for name, one in waiting.items()} == {
        "U-1": "unmatched",
        "N-1": "unmatched",
        "A-2": "differs",
        "M-1": "differs",
    }
    assert "twice" in waiting["A-2"]["why"]
    async with both.world.begin() as tx:
        await count_open(tx)
    shown = (await both.maker.get(f"/v1/bank-lines/{waiting['N-1']['line_id']}")).json()
    assert [one["payout_id"] for one in shown["candidates"]] == [bob["payout_id"]]
    assert "it is of the same amount" in shown["candidates"][0]["reasons"]

    path = f"/v1/bank-lines/{waiting['N-1']['line_id']}/match"
    assert (await both.maker.post(path, json={"payout_id": str(uuid4())})).status_code == 404
    taken = await both.maker.post(path, json={"payout_id": bob["payout_id"]})
    assert (taken.status_code, taken.json()["state"], taken.json()["matched_by"]) == (200, "matched", "person")
    assert (await both.maker.post(path, json={"payout_id": bob["payout_id"]})).status_code == 409
    await noted(both)
    (proposed,) = await lines(both.maker, state="proposed")
    assert proposed["line_id"] == waiting["N-1"]["line_id"]

    path = f"/v1/bank-lines/{waiting['M-1']['line_id']}"
    differs = await both.maker.post(f"{path}/match", json={"payout_id": bob["payout_id"]})
    assert (differs.status_code, differs.json()["type"]) == (409, "urn:plaudit:problem:bank-amount-differs")
    aside = await both.maker.post(f"{path}/set-aside", json={"reason": "Another business"})
    assert (aside.json()["state"], aside.json()["why"]) == ("set_aside", "Another business")
    assert (await both.maker.post(f"{path}/set-aside", json={"reason": "Again"})).status_code == 409
    assert (await both.approver.get(f"/v1/bank-lines/{uuid4()}")).status_code == 404


async def test_what_names_no_payout_is_proposed_with_what_speaks_for_it(both: Finance) -> None:
    run = await filed(both)
    payouts = await of_each(both, run)
    ada, bob = payouts["ada"], payouts["bob"]
    account = (await both.maker.get(f"/v1/payees/{bob['member_id']}")).json()
    left = entry(euros(ada), payment(ada["end_to_end_id"][:27]), way="DBIT", reference="C-ada")
    paid = payment("", more=parties(account["name"], account["iban"]))
    gone = entry(euros(bob), paid, way="DBIT", reference="P-bob")
    salary = entry("1800.00", paid, way="DBIT", reference="S-bob")

    await hand_in(both.maker, statement("camt.053", left, gone, salary))

    waiting = {one["reference"]: one for one in await lines(both.maker, state="open")}
    assert {name: one["why"] for name, one in waiting.items()} == dict.fromkeys(
        ["C-ada", "P-bob"], "no payout has its EndToEndId"
    )
    payee = {"the booking names its payee's account", "the booking has its payee's name"}
    for reference, payout, reasons in (
        ("C-ada", ada, {"the booking has the beginning of its EndToEndId"}),
        ("P-bob", bob, payee),
    ):
        shown = (await both.maker.get(f"/v1/bank-lines/{waiting[reference]['line_id']}")).json()
        first = shown["candidates"][0]
        assert first["payout_id"] == payout["payout_id"]
        assert reasons | {"it is of the same amount"} <= set(first["reasons"])
    kept = await both.world.pool.fetch("select * from bank_lines where community = $1", both.world.community)
    assert account["iban"] not in str(kept)
    assert account["name"] not in str(kept)


async def test_a_line_whose_outcome_is_withdrawn_waits_again(both: Finance) -> None:
    run = await filed(both)
    bob = (await of_each(both, run))["bob"]
    await hand_in(
        both.maker,
        statement("camt.054", entry(euros(bob), payment(bob["end_to_end_id"], more=RETURNED), reference="R")),
    )
    await noted(both)
    (proposed,) = await lines(both.maker, state="proposed")
    path = f"/v1/payout-runs/{run['run_id']}/outcomes/{proposed['outcome_id']}/withdraw"
    assert (await both.maker.post(path)).status_code == 200

    await noted(both)

    (line,) = await lines(both.maker, state="open")
    assert (line["state"], line["why"]) == ("refused", "its outcome was withdrawn")


async def test_a_file_that_is_not_right_changes_nothing_and_says_where(both: Finance) -> None:
    run = await filed(both)
    bob = (await of_each(both, run))["bob"]
    good = entry(euros(bob), payment(bob["end_to_end_id"]), way="DBIT")

    headers = {"Content-Type": "application/xml"}
    content = statement("camt.053", good, "\n", entry("1,00"))
    answer = await both.maker.post("/v1/bank-messages", content=content, headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:plaudit:problem:invalid-bank-message")
    assert "line 3: Amt: '1,00' is not an amount" in answer.json()["detail"]
    wrong = await both.maker.post("/v1/bank-messages", content=b"{}", headers={"Content-Type": "text/csv"})
    assert wrong.status_code == 415
    assert (await both.maker.get("/v1/bank-messages")).json()["items"] == []
    assert await noted(both) == {"ada": "submitted", "bob": "submitted"}
