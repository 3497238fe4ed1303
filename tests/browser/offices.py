"""A community with people, keys, a programme that pays, and of each kind something that waits for another."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from plaudit.access import add_person, issue, issue_key, local_people, temporary_key
from plaudit.calls import request
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle

OFFICES = "offices"
PROGRAMME = """\
programme: offices
title: Offices
description: What we thank each other for.
rules:
  - {id: message, title: Wrote a message, on: [chat.message.v1], points: 600, daily_cap: 6000,
     when: data.length_chars >= 20, campaign: spring,
     limits: [{count: 5, per: object, within: week, crossing: allowed}]}
campaigns:
  - {id: spring, title: Spring of answers, description: "What helps others counts now.",
     starts: STARTS, ends: ENDS, budget: {points: 60000, per_day: 20000}, pacing: {then: slow}, holdout_percent: 1}
limits:
  - {id: all-talk, rules: [message], points: 9000, within: month, crossing: allowed}
manual:
  reasons: [{id: booth, title: Helped at the booth}, {id: mistake, title: Given by mistake, takes: true}]
  limit: {points: 500, within: month}
  second_person_from: 100
recognition:
  badges:
    - {id: writer, title: Writer, rule: message, at_least: 1}
    - {id: star, title: Star, at_least: 5000}
    - id: talker
      title: Talker
      rule: message
      tiers:
        - {id: bronze, title: Bronze, at_least: 1, colour: bronze}
        - {id: gold, title: Gold, at_least: 50, colour: gold}
      art: {shape: rosette, glyph: chat}
    - id: kind
      title: Kind
      when: events("message") >= 2 && streak("daily") >= 3
      art: {colour: rose, glyph: heart}
    - {id: hero, title: Hero, by_hand: true, limited_to: 3, secret: true, art: {shape: shield, glyph: crown}}
  levels: [{id: newcomer, title: Newcomer, points: 0},
    {id: known, title: Known, requires: [{rule: message, at_least: 1}], keep: always},
    {id: trusted, title: Trusted, requires: [{rule: message, count: days, within_days: 100, at_least: 50},
      {rule: message, count: people, within_days: 100, at_most: 5}], keep: 90, grace_days: 14, opens: [judge]}]
  streaks: [{id: daily, title: Here every day, rules: [message]}]
rewards:
  catalogue: [{id: mug, title: A mug, points: 300}]
  payout:
    {currency: EUR, points: 100, minor: MINOR, minimum_points: 500, paying_account:
      {name: Example Community, iban: DE89370400440532013000, bic: COBADEFFXXX}}
"""
PROGRAMME = PROGRAMME.replace("STARTS", str(datetime.now(UTC).date() - timedelta(days=4))).replace(
    "ENDS", str(datetime.now(UTC).date() + timedelta(days=20))
)
YAML = {"Content-Type": "application/yaml"}
MAKES = (
    *("events:write", "points:write", "programmes:write", "payouts:write", "payouts:read", "members:read"),
    "receipts:read",
)
APPROVES = ("payouts:approve", "programmes:approve", "payouts:read")


async def furnished(state: StackState) -> dict[str, str]:
    """Furnish the community once; the ids of what pages show."""
    office, urls = local_people(state).office, state.service_urls
    declared = {"id": OFFICES, "title": "Harbour Makers", "time_zone": "Europe/Rome", "languages": ["it", "en"]}
    declared |= {"look": {"name": "Harbour Makers"}}
    request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    added = {
        name: str(add_person(office, OFFICES, name, roles, kind=kind, email=email)["person_id"])
        for name, roles, kind, email in (
            ("Mia Lindqvist", ["manager", "finance_maker"], "person", "mia@example.org"),
            ("Omar Haddad", ["finance_approver"], "person", None),
            ("Forum plugin", ["manager"], "service", None),
            ("Gone Person", [], "person", None),
        )
    }
    request("POST", f"{urls['ingest']}/v1/communities/{OFFICES}/people/{added['Gone Person']}/disable", office.key)
    key = issue(office, OFFICES, added["Forum plugin"], "forum", ["events:write", "receipts:read"])
    mia, omar = added["Mia Lindqvist"], added["Omar Haddad"]
    # Not revoked: a run whose maker's key is, is stopped.
    makes = issue_key(state, OFFICES, "making", MAKES, person_id=mia)["key"]
    with temporary_key(state, OFFICES, "approving", APPROVES, urls, person_id=omar) as approves:
        ids = await _waiting(state, makes, approves)
    ids |= _met(urls["ingest"], makes)
    draft = {"title": "More for answers", "text": PROGRAMME.replace("MINOR", "120")}
    ids["draft"] = request("POST", f"{urls['scoring']}/v1/programme-drafts", makes, json=draft)["draft_id"]
    ids |= _by_hand(urls, makes)
    return ids | {
        "person": mia,
        "gone": added["Gone Person"],
        "program": added["Forum plugin"],
        "key": key["key_id"],
    }


def _by_hand(urls: Mapping[str, str], key: str) -> dict[str, str]:
    """Points that somebody gave a member."""
    member = request("GET", f"{urls['ingest']}/v1/members", key)["items"][0]["member_id"]
    body, named = {"member": member, "points": 20, "reason": "booth"}, {"Idempotency-Key": "offices"}
    made = request("POST", f"{urls['scoring']}/v1/manual-awards", key, json=body, headers=named)
    return {"hand": str(made["manual_id"]), "member": str(member)}


def _met(ingest: str, key: str) -> dict[str, str]:
    """Where people meet just now, and an event that came."""
    now = datetime.now(UTC)
    body = {
        "title": "Evening at the harbour",
        "begins_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(hours=20)).isoformat(),
        "capacity": 40,
    }
    made = request("POST", f"{ingest}/v1/occasions", key, json=body)
    came = request(
        "GET", f"{ingest}/v1/receipts/of-event", key, params={"source": "urn:offices", "event_id": "first-ada"}
    )
    return {"occasion": str(made["occasion_id"]), "event": str(came["event_uid"])}


async def _waiting(state: StackState, makes: str, approves: str) -> dict[str, str]:
    scoring, rewards = state.service_urls["scoring"], state.service_urls["rewards"]
    _propose(scoring, makes, minor=100)
    request("POST", f"{scoring}/v1/programmes/1/approve", approves)
    await wait_until_idle(state)
    await _send(state, makes, "first")
    for number, member in enumerate(_members(state, makes)):
        payee = {"name": member["name"], "iban": ("NL91ABNA0417164300", "FR1420041010050500013M02606")[number]}
        request("PUT", f"{rewards}/v1/payees/{member['member_id']}", makes, json=payee)
    paid = _run(rewards, makes, "first")
    request("POST", f"{rewards}/v1/payout-runs/{paid}/approve", approves)
    request("POST", f"{rewards}/v1/payout-runs/{paid}/file", makes)
    payouts = request("GET", f"{rewards}/v1/payouts", makes, params={"run": paid})["items"]
    said = {"state": "returned", "reason": "AC04 ClosedAccountNumber", "payout_ids": [payouts[0]["payout_id"]]}
    outcome = request("POST", f"{rewards}/v1/payout-runs/{paid}/outcome", makes, json=said)["outcome"]
    await _send(state, makes, "second")
    run = _run(rewards, makes, "second")
    _propose(scoring, makes, minor=120)
    await wait_until_idle(state)
    return {"outcome": outcome["outcome_id"], "run": run, "paid_run": paid}


def _propose(scoring: str, key: str, *, minor: int) -> None:
    text = PROGRAMME.replace("MINOR", str(minor)).encode()
    said = {"note": "Points are worth a fifth more, as we agreed in January"}
    proposed = request("POST", f"{scoring}/v1/programmes", key, content=text, headers=YAML, params=said)
    assert proposed["state"] == "proposed"


def _run(rewards: str, key: str, name: str) -> str:
    made = request("POST", f"{rewards}/v1/payout-runs", key, headers={"Idempotency-Key": f"offices-{name}"})
    return str(made["run_id"])


def _members(state: StackState, key: str) -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = request("GET", f"{state.service_urls['ingest']}/v1/members", key)["items"]
    return members


async def _send(state: StackState, key: str, name: str) -> None:
    sent = [
        {
            "specversion": "1.0",
            "id": f"{name}-{who}",
            "source": "urn:offices",
            "type": "chat.message.v1",
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "data": {
                "channel": "chat",
                "actor": {"id": who, "name": who.title()},
                "length_chars": 40,
                "object": {"id": "t"},
            },
        }
        for who in ("ada", "kofi")
    ]
    request("POST", f"{state.service_urls['ingest']}/v1/events", key, json=sent)
    await wait_until_idle(state)
