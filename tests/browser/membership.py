"""A community whose members use their pages, with all of it public that can be: who did what, and what it gave."""

from datetime import UTC, datetime, timedelta
from typing import Any

from plaudit.access import add_person, issue_key, local_people
from plaudit.calls import request
from plaudit.stack import StackState
from plaudit.stack.idle import wait_until_idle
from tests.waiting import until

MEMBERS, CLOSED = "makers", "closed"
PUBLIC = ("boards", "badges", "names", "programme", "cards", "celebrations", "nominations")
PROGRAMME = """\
programme: makers
title: Makers
attributes:
  - {id: mentor, title: Mentor, type: boolean, for_rules: true, personal: false}
rules:
  - {id: answer, title: Answered a question, on: [forum.reply.v1], points: POINTS, when: data.length_chars >= 20}
  - {id: thanks, title: Thanked somebody, on: [kudos.given.v1], points: 5, daily_cap: 10}
recognition:
  badges:
    - {id: first, title: First answer, rule: answer, at_least: 1, art: {shape: circle, colour: green, glyph: chat}}
    - id: helper
      title: Helper
      rule: answer
      tiers:
        - {id: bronze, title: Bronze, at_least: 1, colour: bronze}
        - {id: gold, title: Gold, at_least: 9, colour: gold}
      art: {shape: shield, colour: bronze, glyph: hand}
    - {id: kind, title: Kind, when: 'events("thanks") >= 1 && points >= 300', art: {colour: rose, glyph: heart}}
    - {id: pioneer, title: Pioneer, at_least: 20, limited_to: 3, art: {shape: rosette, colour: gold, glyph: flag}}
    - {id: hero, title: Hero, description: For what no event tells., by_hand: true, art: {glyph: crown}}
    - {id: owl, title: Night owl, at_least: 600, secret: true, art: {shape: diamond, colour: violet, glyph: bolt}}
    - {id: hundred, title: A hundred points, at_least: 100}
    - {id: thousand, title: A thousand points, at_least: 1000}
  levels: [{id: newcomer, title: Newcomer, points: 0}, {id: regular, title: Regular, points: 200},
           {id: guide, title: Guide, points: 2000},
           {id: trusted, title: Trusted, description: Answers others again and again., opens: [redeem],
            requires: [{rule: answer, count: days, within_days: 30, at_least: 2}],
            keep: 50, grace_days: 7},
           {id: host, title: Host, requires: [{rule: answer, within_days: 60, at_least: 40},
             {rule: thanks, count: people, at_least: 2}, {unsuspended_days: 30}, {known_minutes: 30},
             {rule: answer, within_days: 30, share: {percent: 25, rule: answer, at_most: 50}}]},
           {id: leader, title: Leader, by_hand: true}]
  streaks: [{id: weekly, title: Every week, rules: [answer], every: week}]
  boards:
    - {id: month, title: This month, period: month, public: true, prizes: [{id: first, title: A mug}]}
rewards:
  catalogue:
    - {id: stickers, title: A pack of stickers, description: Sent to your door., points: 50}
    - {id: mug, title: The makers' mug, points: 5000}
  payout:
    {currency: EUR, points: 100, minor: 100, minimum_points: 500, paying_account:
      {name: Example Community, iban: DE89370400440532013000, bic: COBADEFFXXX}}
"""
YAML = {"Content-Type": "application/yaml"}
MAKES = (
    *(
        "events:write",
        "programmes:read",
        "programmes:write",
        "members:read",
        "members:write",
        "rewards:write",
        "rewards:read",
    ),
    *("payouts:write", "payouts:read"),
)
NAMES = {
    "giulia": "Giulia Ferrante",
    "daichi": "Daichi Petrov",
    "linh": "Linh Mbeki",
    "anton": "Anton Tanaka",
    "leaver": "Lea Ver",
    "mallory": '<b onmouseover="x()">Mallory</b> & "Co"',
}


async def joined(state: StackState) -> dict[str, str]:
    """Furnish the community once, and one that shows nothing; the members' ids by who they are."""
    office, urls = local_people(state).office, state.service_urls
    for community, public in ((MEMBERS, PUBLIC), (CLOSED, ())):
        declared: dict[str, Any] = {"id": community, "title": "Harbour Makers", "time_zone": "Europe/Rome"}
        declared |= {"languages": ["it", "en"], "public": list(public)}
        request("POST", f"{urls['ingest']}/v1/communities", office.key, json=declared)
    made = add_person(office, MEMBERS, "Mia Lindqvist", ["manager", "finance_maker"])
    approves = add_person(office, MEMBERS, "Omar Haddad", ["finance_approver"])
    key = issue_key(state, MEMBERS, "making", MAKES, person_id=str(made["person_id"]))["key"]
    other = issue_key(state, MEMBERS, "approving", ("programmes:approve",), person_id=str(approves["person_id"]))[
        "key"
    ]
    for number, points in enumerate((60, 50), 1):
        text = PROGRAMME.replace("POINTS", str(points)).encode()
        said = {"note": f"A message gives {points} points"}
        proposed = request(
            "POST", f"{urls['scoring']}/v1/programmes", key, content=text, headers=YAML, params=said
        )
        if proposed["state"] == "proposed":
            request("POST", f"{urls['scoring']}/v1/programmes/{number}/approve", other)

    async def the_second_is_in_force() -> bool:
        found = request("GET", f"{urls['scoring']}/v1/programmes/2", key)
        return bool(found["in_force"] == "now")

    # A version begins a moment after it is published, and what comes before has the points of the first.
    await until(the_second_is_in_force)
    await wait_until_idle(state)
    request("POST", f"{urls['ingest']}/v1/events", key, json=list(_events()))
    await wait_until_idle(state)
    found = request("GET", f"{urls['ingest']}/v1/members", key)["items"]
    by_name = {name: who for who, name in NAMES.items()}
    return {by_name[one["name"]]: one["member_id"] for one in found} | {"key": key}


def _events() -> Any:
    now = datetime.now(UTC)
    for days, who, length in (
        *((day, who, 120) for day in range(4) for who in ("daichi", "linh", "anton")),
        *((day, "giulia", 83) for day in range(12)),
        (0, "giulia", 7),
        *((day, "leaver", 60) for day in range(3)),
        (1, "mallory", 90),
        (20, "daichi", 90),
    ):
        yield _event("forum.reply.v1", who, now - timedelta(days=days, minutes=length), {"length_chars": length})
    # On one day, whatever the hour is now: that day's limit is met.
    noon = now.replace(hour=12) if now.hour > 12 else now.replace(hour=12) - timedelta(days=1)
    for number in range(3):
        about = {"object": {"id": f"a{number}", "author": {"id": "linh", "name": NAMES["linh"]}}}
        yield _event("kudos.given.v1", "giulia", noon - timedelta(minutes=number), about)
    yield _event("forum.post.v1", "giulia", now - timedelta(hours=5), {"length_chars": 300})


def _event(kind: str, who: str, at: datetime, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{kind}-{who}-{at.timestamp():.0f}-{more.get('length_chars', 0)}",
        "source": "urn:makers",
        "type": kind,
        "time": at.isoformat(timespec="seconds"),
        "data": {"channel": "forum", "actor": {"id": who, "name": NAMES[who]}, **more},
    }
