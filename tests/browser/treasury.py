"""A community whose finance has something of everything: a run with the bank, a held payout, a redemption."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from plaudit.access import add_person, issue_key, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from tests.unit.shared.bank_messages.messages import RETURNED, entry, parties, payment, statement

TREASURY = "treasury"
PROGRAMME = b"""\
programme: treasury
title: Treasury
rules: [{id: message, title: Wrote a message, on: [chat.message.v1], points: 600}]
rewards:
  catalogue: [{id: mug, title: A mug, points: 60}]
  payout:
    {currency: EUR, points: 100, minor: 100, minimum_points: 500, paying_account:
      {name: Example Community, iban: DE89370400440532013000, bic: COBADEFFXXX, purpose: BONU, instant: true,
       address: {street: Harbour Street, building: 7a, post_code: "20095", town: Hamburg, country: DE}}}
"""
YAML = {"Content-Type": "application/yaml"}
MAKES = (
    *("events:write", "programmes:write", "payouts:write", "payouts:read", "members:read", "rewards:write"),
    *("rewards:read", "points:read"),
)
APPROVES = ("payouts:approve", "programmes:approve", "payouts:read")
#: Whoever has an account to be paid to; the third has none.
IBANS = {"ada": "NL91ABNA0417164300", "kofi": "FR1420041010050500013M02606"}
MEMBERS = {"ada": "Ada Brightwell", "kofi": "Kofi Brandt", "elif": "Elif Moretti"}


async def filled(state: StackState) -> dict[str, str]:
    """Fill the community once; the ids of what pages show."""
    office, urls = local_people(state).office, state.service_urls
    declared = {"id": TREASURY, "title": "Harbour Makers", "time_zone": "Europe/Rome", "languages": ["it", "en"]}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    people = {
        name: str(add_person(office, TREASURY, name, roles)["person_id"])
        for name, roles in (
            ("Tomas Vidal", ["manager", "finance_maker", "finance_approver"]),
            ("Noor Haddad", ["finance_approver"]),
        )
    }
    tomas, noor = people["Tomas Vidal"], people["Noor Haddad"]
    # Not revoked: a run whose maker's key is, is stopped.
    makes = issue_key(state, TREASURY, "making", MAKES, person_id=tomas)["key"]
    with temporary_key(state, TREASURY, "approving", APPROVES, urls, person_id=noor) as approves:
        scoring, rewards = urls["scoring"], urls["rewards"]
        request("POST", f"{scoring}/v1/programmes", makes, content=PROGRAMME, headers=YAML)
        request("POST", f"{scoring}/v1/programmes/1/approve", approves)
        await wait_until_idle(state)
        await _send(state, makes, "first")
        ids = _paid(state, makes, approves)
        ids |= _worth(rewards, makes, approves)
    await _send(state, makes, "second")
    ids |= await _owed(state, makes)
    return ids | {"maker": tomas, "approver": noor} | _booked(rewards, makes, ids)


async def _owed(state: StackState, makes: str) -> dict[str, str]:
    """Somebody used points that were taken back: that waits to be written off, and so does a policy."""
    ingest, rewards = state.service_urls["ingest"], state.service_urls["rewards"]
    await _send(state, makes, "owed", {"nils": "Nils Aaltonen"})
    listed = request("GET", f"{ingest}/v1/members", makes)["items"]
    nils = next(one["member_id"] for one in listed if one["name"] == "Nils Aaltonen")
    headers = {"Idempotency-Key": "owed"}
    mug = {"member_id": nils, "reward_id": "mug"}
    chosen = request("POST", f"{rewards}/v1/redemptions", makes, json=mug, headers=headers)
    request("POST", f"{rewards}/v1/redemptions/{chosen['redemption_id']}/confirm", makes)
    target = {"source": "urn:treasury", "id": "owed-nils"}
    retraction = {
        "specversion": "1.0",
        "id": "owed-nils-taken",
        "source": "urn:treasury",
        "type": "activity.retracted.v1",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {"channel": "chat", "actor": {"id": "nils"}, "target": target, "reason": "Deleted"},
    }
    request("POST", f"{ingest}/v1/events", makes, json=[retraction])
    await wait_until_idle(state)
    asked = {"member_id": nils, "points": 60, "reason": "The mug is with Nils already"}
    made = request("POST", f"{rewards}/v1/debt-write-offs", makes, json=asked, headers=headers)
    terms = {"effective_from": "2026-01-01", "treatment": "keep_below", "below_points": 20}
    policy = request("POST", f"{rewards}/v1/finance/clawback-policies", makes, json=terms, headers=headers)
    terms = {"effective_from": "2999-01-01", "currency": "EUR", "holding_days": 14, "minimum_minor": 1_000}
    terms |= {"countries": ["DE", "FR", "IT"], "stop_above_minor": 200_000, "minimum_age": 18}
    terms |= {"tax_forms": [{"country": "FR", "above_minor": 120_000}]}
    payouts = request("POST", f"{rewards}/v1/finance/payout-policies", makes, json=terms, headers=headers)
    terms = {"effective_from": "2026-01-01", "every": "month", "on_day": 28, "at": "09:00"}
    schedule = request("POST", f"{rewards}/v1/payout-schedules", makes, json=terms, headers=headers)
    seen = {"kind": "tax_form", "form": "DAS2", "received_on": "2026-01-12", "valid_until": "2999-12-31"}
    request("POST", f"{rewards}/v1/payees/{nils}/attestations", makes, json=seen)
    names = b"id,name,birth_date,country\nEX-17,Jan van der Voorbeeld,1970-01-31,NL\nEX-18,Erika Beispiel,,DE\n"
    path, as_table = f"{rewards}/v1/finance/sanctions-lists?title=Example", {"Content-Type": "text/csv"}
    loaded = request("POST", path, makes, content=names, headers=headers | as_table)
    found = {
        "payout_schedule": schedule["schedule_id"],
        "payout_policy": payouts["policy_id"],
        "sanctions_list": loaded["list_id"],
    }
    return found | {"nils": nils, "write_off": made["write_off_id"], "clawback_policy": policy["policy_id"]}


def _worth(rewards: str, makes: str, approves: str) -> dict[str, str]:
    """What points are worth, in force since a year ago, and another entry that waits."""
    found = []
    for day, expected in (("2025-01-01", "0.8"), ("2026-01-01", "0.7")):
        terms = {
            "effective_from": day,
            "currency": "EUR",
            "basis": "cost",
            "minor_per_point": "0.95",
            "estimate": "rate",
            "expected_redemption": expected,
            "vintage_unit": "month",
        }
        path, headers = f"{rewards}/v1/finance/liability-policies", {"Idempotency-Key": day}
        found.append(request("POST", path, makes, json=terms, headers=headers)["policy_id"])
    request("POST", f"{rewards}/v1/finance/liability-policies/{found[0]}/approve", approves)
    mapping = {"effective_from": "2025-01-01", "accounts": [{"account": "bank", "number": "1800"}]}
    path, headers = f"{rewards}/v1/finance/account-mappings", {"Idempotency-Key": "first"}
    mapped = request("POST", path, makes, json=mapping, headers=headers)["mapping_id"]
    request("POST", f"{path}/{mapped}/approve", approves)
    days = {"first_day": "2025-01-01", "last_day": "2025-12-31"}
    request("POST", f"{rewards}/v1/finance/journal-exports", makes, json=days, headers=headers)
    made = {"title": "Community 2026", "currency": "EUR", "low_amount": 600_000}
    wallet = request("POST", f"{rewards}/v1/wallets", makes, json=made, headers=headers)["wallet_id"]
    path = f"{rewards}/v1/wallets/{wallet}/decisions"
    fund = {"kind": "fund", "amount": 500_000, "reason": "The budget of 2026"}
    decided = request("POST", path, makes, json=fund, headers=headers)["decision_id"]
    request("POST", f"{rewards}/v1/wallet-decisions/{decided}/confirm", approves)
    spends = {"kind": "assign", "spends": "redemptions", "reward_id": "mug", "unit_cost": 850, "reason": "Mugs"}
    headers = {"Idempotency-Key": "second"}
    waits = request("POST", path, makes, json=spends, headers=headers)["decision_id"]
    rates = [_rates(rewards, makes, spread) for spread in (150, 200)]
    request("POST", f"{rewards}/v1/finance/rate-policies/{rates[0]}/approve", approves)
    content, headers = b"Date,USD,JPY\n2026-01-30,1.1000,160\n", {"Content-Type": "text/csv"}
    request("POST", f"{rewards}/v1/finance/rate-files", makes, content=content, headers=headers)
    found_ids = {"wallet": wallet, "wallet_decision": waits}
    found_ids |= {"rates": rates[0], "proposed_rates": rates[1]}
    return found_ids | {"mapping": mapped, "policy": found[0], "proposed_policy": found[1]}


def _rates(rewards: str, makes: str, spread: int) -> str:
    """A policy of exchange rates that waits."""
    terms = {
        "effective_from": "2026-01-01",
        "base": "EUR",
        "source": "file",
        "units": {"USD": "1.0956", "JPY": "163.21", "KWD": "0.3358"},
        "spread_basis_points": spread,
    }
    headers = {"Idempotency-Key": str(spread)}
    path = f"{rewards}/v1/finance/rate-policies"
    return str(request("POST", path, makes, json=terms, headers=headers)["policy_id"])


def _paid(state: StackState, makes: str, approves: str) -> dict[str, str]:
    rewards = state.service_urls["rewards"]
    listed = request("GET", f"{state.service_urls['ingest']}/v1/members", makes)["items"]
    members = {one["name"]: one["member_id"] for one in listed}
    ids = {handle: members[name] for handle, name in MEMBERS.items()}
    mug = {"member_id": ids["elif"], "reward_id": "mug"}
    redeemed = request("POST", f"{rewards}/v1/redemptions", makes, json=mug, headers={"Idempotency-Key": "mug"})
    for handle, iban in IBANS.items():
        payee = {"name": MEMBERS[handle], "iban": iban}
        request("PUT", f"{rewards}/v1/payees/{ids[handle]}", makes, json=payee)
    run = request("POST", f"{rewards}/v1/payout-runs", makes, headers={"Idempotency-Key": "first"})["run_id"]
    request("POST", f"{rewards}/v1/payout-runs/{run}/approve", approves)
    request("POST", f"{rewards}/v1/payout-runs/{run}/file", makes)
    payouts = request("GET", f"{rewards}/v1/payouts", makes, params={"run": run})["items"]
    of_ada = next(one for one in payouts if one["member_id"] == ids["ada"])
    said = {"state": "settled", "payout_ids": [of_ada["payout_id"]]}
    request("POST", f"{rewards}/v1/payout-runs/{run}/outcome", makes, json=said)
    xml = {"Content-Type": "application/xml"}
    # Six euros come back of a payment of which the bank names nothing: it may be Ada's or Kofi's.
    content = statement(
        "camt.053", entry("6.00", payment("", more=parties("ADA BRIGHTWELL") + RETURNED), reference="ASR-6")
    )
    request("POST", f"{rewards}/v1/bank-messages", makes, content=content, headers=xml)
    (line,) = request("GET", f"{rewards}/v1/bank-lines", makes, params={"state": "open"})["items"]
    return ids | {
        "line": line["line_id"],
        "run": run,
        "redemption": redeemed["redemption_id"],
        "payout": of_ada["payout_id"],
        "end_to_end_id": of_ada["end_to_end_id"],
    }


def _booked(rewards: str, makes: str, ids: dict[str, str]) -> dict[str, str]:
    books = request("GET", f"{rewards}/v1/ledger/accounts", makes)["accounts"]
    bank = next(one["account_id"] for one in books if one["kind"] == "bank")
    entries = request("GET", f"{rewards}/v1/ledger/accounts/{bank}/entries", makes)["items"]
    details = request("GET", f"{rewards}/v1/payouts/{ids['payout']}", makes)
    month = request("GET", f"{rewards}/v1/periods", makes)["items"][0]["month"]
    lines = [("bank", 1250), ("bank_charges", -1250)]
    charges = {
        "reason": "The bank's charges",
        "lines": [{"account": account, "currency": "EUR", "amount": amount} for account, amount in lines],
    }
    by_hand = {"Idempotency-Key": "charges"}
    journal = request("POST", f"{rewards}/v1/journals", makes, json=charges, headers=by_hand)["journal_id"]
    ids = ids | {"month": month, "year": month[:4], "journal": journal}
    return ids | {"bank": bank, "transfer": entries[0]["transfer_id"], "award": details["lots"][0]["award_id"]}


async def _send(state: StackState, key: str, name: str, members: Mapping[str, str] = MEMBERS) -> None:
    sent: list[dict[str, Any]] = [
        {
            "specversion": "1.0",
            "id": f"{name}-{handle}",
            "source": "urn:treasury",
            "type": "chat.message.v1",
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "data": {
                "channel": "chat",
                "actor": {"id": handle, "name": shown},
                "length_chars": 40,
                "object": {"id": "t"},
            },
        }
        for handle, shown in members.items()
    ]
    request("POST", f"{state.service_urls['ingest']}/v1/events", key, json=sent)
    await wait_until_idle(state)
