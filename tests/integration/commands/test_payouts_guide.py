"""docs/payouts.md: its requests run one after the other as they stand there, and are answered as it says."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from plaudit.access import add_person, issue_key, local_people
from plaudit.calls import request
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from tests.integration.commands.conftest import Reader
from tests.scopes import TOGETHER

pytestmark = pytest.mark.stack

PAGE = (Path(__file__).parents[3] / "docs" / "payouts.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
REQUESTS = [one for block in BLOCKS for one in re.split(r"\n(?=curl )", block.strip()) if one.startswith("curl ")]
COMMANDS = next(block for block in BLOCKS if "plaudit people add" in block)

PROGRAMME = b"""
programme: paid
title: Paid
rules:
  - {id: post, title: Post, on: [forum.post.v1], points: 1000}
rewards:
  payout:
    {currency: EUR, points: 100, minor: 100, minimum_points: 500,
     paying_account: {name: Acme, iban: NL91ABNA0417164300, bic: ABNANL2A}}
"""


@pytest.fixture
async def members(platform: StackState) -> tuple[str, list[str]]:
    """A community with two members who have points to be paid."""
    return await _members(platform, PROGRAMME)


async def _members(platform: StackState, programme: bytes) -> tuple[str, list[str]]:
    community = f"guide-{uuid4().hex[:12]}"
    key = issue_key(platform, community, "platform", TOGETHER)["key"]
    programmes = f"{platform.service_urls['scoring']}/v1/programmes"
    request("POST", programmes, key, content=programme, headers={"Content-Type": "application/yaml"})
    # What points are worth takes two.
    office = local_people(platform).office
    other = add_person(office, community, "Carol", ["finance_approver"])["person_id"]
    approver = issue_key(platform, community, "approver", ["programmes:approve"], person_id=other)["key"]
    request("POST", f"{programmes}/1/approve", approver)
    events = [
        {
            "specversion": "1.0",
            "id": f"post-{name}",
            "source": "https://forum.example.org",
            "type": "forum.post.v1",
            "time": "2026-01-31T12:00:00Z",
            "data": {"channel": "forum", "actor": {"id": name}},
        }
        for name in ("ada", "bob")
    ]
    request("POST", f"{platform.service_urls['ingest']}/v1/events", key, json=events)
    await wait_until_idle(platform)
    listed = request("GET", f"{platform.service_urls['ingest']}/v1/members", key)["items"]
    return community, [one["member_id"] for one in listed]


def test_every_request_of_the_page_is_run_here() -> None:
    assert len(REQUESTS) == len(re.findall(r"\bcurl -|\bcurl \"", PAGE)) == 15


def test_the_requests_of_the_page_run_as_they_stand_there(members: tuple[str, list[str]], reader: Reader) -> None:
    community, (ada, bob) = members
    commands = COMMANDS.replace("--community acme", f"--community {community}")
    printed = reader.shell(f'{commands}\necho "$REWARDS $MAKER $APPROVER"')
    reader.variables = dict(zip(("REWARDS", "MAKER", "APPROVER"), printed.split(), strict=True))
    payee, *others = REQUESTS
    for member in (ada, bob):
        reader.variables["MEMBER"] = member
        assert reader.request(payee)[0] == 200

    answers = []
    for text in others:
        status, answer = reader.request(text)
        assert status in (200, 201, 202), f"{text}\n{answer}"
        answers.append(answer)
        if text.startswith('curl -X POST "$REWARDS/v1/payout-runs"'):
            reader.variables["RUN"] = answer["run_id"]
        if text.startswith('curl "$REWARDS/v1/payouts?'):
            reader.variables["PAYOUT"], reader.variables["OTHER"] = (one["payout_id"] for one in answer["items"])
        if '/outcome"' in text and answer["outcome"]:
            reader.variables["OUTCOME"] = answer["outcome"]["outcome_id"]

    _, review, changed, *_, settled, returned, waiting, confirmed, payout, history, checked = answers
    assert (review["payment_count"], review["reasons_against_you"]) == (2, [])
    assert len(changed["items"]) == review["changed_payees_count"] == 2
    assert [one["outcome"] for one in waiting["items"]] == ["returned"]
    assert [one["changed_count"] for one in (settled, returned, confirmed)] == [1, 0, 1]
    assert [one["revision"] for one in history["items"]] == [1]
    assert payout["state"] == "settled"
    assert checked["balanced"]
    assert (reader.directory / "payouts.xml").read_text().startswith("<?xml")


def test_without_the_required_header_no_run_is_made(members: tuple[str, list[str]], reader: Reader) -> None:
    community, _ = members
    printed = reader.shell(
        COMMANDS.replace("--community acme", f"--community {community}") + '\necho "$REWARDS $MAKER"'
    )
    reader.variables = dict(zip(("REWARDS", "MAKER"), printed.split(), strict=True))
    make = next(one for one in REQUESTS if "Idempotency-Key" in one)
    assert reader.request(re.sub(r'-H "Idempotency-Key[^"]*"', "", make))[0] == 422


async def test_a_bank_that_takes_one_payment_in_a_file_gets_one_file_for_each(
    platform: StackState, reader: Reader
) -> None:
    programme = PROGRAMME.replace(b"bic: ABNANL2A", b"bic: ABNANL2A, file_max_count: 1")
    community, members = await _members(platform, programme)
    commands = COMMANDS.replace("--community acme", f"--community {community}")
    printed = reader.shell(f'{commands}\necho "$REWARDS $MAKER $APPROVER"')
    reader.variables = dict(zip(("REWARDS", "MAKER", "APPROVER"), printed.split(), strict=True))
    for reader.variables["MEMBER"] in members:
        assert reader.request(REQUESTS[0])[0] == 200
    make = next(
        line for line in PAGE.splitlines() if line.startswith("plaudit payout-runs make") and "--all" in line
    )

    runs = [json.loads(line) for line in reader.shell(f"{make} --json").splitlines()]
    assert [(run["complete"], run["left_payable_count"]) for run in runs] == [(False, 1), (True, 0)]
    assert [[one["count"] for one in run["payouts"]] for run in runs] == [[1], [1]]
    again = [json.loads(line)["run_id"] for line in reader.shell(f"{make} --json").splitlines()]
    assert again == [run["run_id"] for run in runs]
    assert len(set(again)) == 2
    assert "make another run" in reader.shell('plaudit payout-runs make --name week-2026-W05 --key "$MAKER"')


def test_two_people_put_a_policy_in_force_and_let_a_person_pass(
    members: tuple[str, list[str]], reader: Reader
) -> None:
    community, (ada, bob) = members
    printed = reader.shell(
        COMMANDS.replace("--community acme", f"--community {community}") + '\necho "$REWARDS $MAKER $APPROVER"'
    )
    reader.variables = dict(zip(("REWARDS", "MAKER", "APPROVER"), printed.split(), strict=True))
    for reader.variables["MEMBER"] in (ada, bob):
        assert reader.request(REQUESTS[0])[0] == 200
    block = next(block for block in BLOCKS if "plaudit payout policy propose" in block)
    block = block.replace("\\\n", "").replace("--country DE --country FR", "--country MT")
    propose, approve, waits, findings, clear, pass_ = block.strip().splitlines()

    def told(command: str) -> Any:
        return json.loads(reader.shell(f"{command} --json"))

    reader.variables["POLICY"] = told(propose)["policy_id"]
    assert told(approve)["state"] == "approved"
    assert told(waits) == []
    for number, state in enumerate(("held", "eligible")):
        reader.shell(f'plaudit payout-runs make --name run-{number} --key "$MAKER"')
        if state == "held":
            found = told(findings)
            assert {one["country"] for one in found if one["waits"]} == {found[0]["country"]}
            reader.variables["PAYOUT"] = next(one["payout_id"] for one in found if one["member_id"] == ada)
            reader.variables["CLEARANCE"] = told(clear)["clearance_id"]
            assert told(pass_)["state"] == "approved"
            run = request("GET", f"{reader.variables['REWARDS']}/v1/payout-runs", reader.variables["MAKER"])
            reader.variables["RUN"] = run["items"][0]["run_id"]
            reader.shell('plaudit payout-runs approve "$RUN" --key "$APPROVER"')
    assert {one["member_id"] for one in told(findings)} == {bob}
    assert "member_id" in reader.shell('plaudit payout totals 2026 --csv --key "$MAKER"')
    assert [one["state"] for one in told('plaudit payout policy list --key "$MAKER"')] == ["approved"]

    block = next(block for block in BLOCKS if "plaudit payout schedule" in block)
    scheduled, in_force, listed, times, preview, stop = block.strip().splitlines()
    reader.variables["SCHEDULE"] = told(scheduled)["schedule_id"]
    assert told(in_force)["is_in_force"]
    assert [len(one["next_times"]) for one in told(listed)] == [3]
    # Bob's payout of the run before waits for a person still; nobody else has anything.
    assert [one["currency"] for one in told(preview)["items"]] == ["EUR"]
    assert (told(times), told(stop)["is_in_force"]) == ([], False)

    block = next(block for block in BLOCKS if "plaudit payout on-file" in block)
    another, form, age, on_file, withdraw = block.strip().splitlines()
    asked = told(another)
    assert (asked["tax_forms"], asked["minimum_age"]) == ([{"country": "US", "above_minor": 60_000}], 18)
    reader.variables["ATTESTATION"] = told(form)["attestation_id"]
    assert told(age)["age_years"] == 18
    assert {one["kind"] for one in told(on_file)} == {"tax_form", "age"}
    assert told(withdraw)["withdrawn"] is not None
