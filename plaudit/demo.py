"""`plaudit demo`: the whole platform at work on real input, from the first event to the payout file."""

import asyncio
import os
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import httpx
from plaudit_client import AsyncPlaudit, Outcomes
from rich.console import Console

from plaudit.access import Office, add_person, local_people, temporary_key
from plaudit.admin import acting_names, payout_tree
from plaudit.bank_files import bank_file
from plaudit.calls import Refused, request
from plaudit.console import sign_in_link
from plaudit.demo_programme import demo_programme
from plaudit.demo_stack import NAMES, empty_stack
from plaudit.importers.delivery import Delivery, Summary
from plaudit.importers.git import GitOptions, open_repository
from plaudit.listing import listing
from plaudit.sandbox_provider.connecting import connect_sandbox
from plaudit.simulation import Simulation, play
from plaudit.stack import StackState, start, stop
from plaudit.stack.idle import wait_until_idle
from plaudit.stack.logs import open_private
from plaudit.stack.paths import CHECKOUT, make_private
from plaudit.stack.state import PARTS
from plaudit.terminal import plain
from shared.access_keys import scopes_of, together
from shared.currencies import decimal_amount
from shared.services import CONSOLE, GATEWAY

COMMUNITY = "demo"
#: What is said of it; the days are those that the simulated months have.
DECLARED = {
    "id": COMMUNITY,
    "title": "The demo's community",
    "time_zone": "UTC",
    "public": [
        "badges",
        "boards",
        "cards",
        "celebrations",
        "figures",
        "kudos",
        "names",
        "nominations",
        "programme",
    ],
}
#: Two people, for nobody approves the payouts that they made.
PEOPLE = (
    ("Mia, who makes payouts", ("manager", "finance_maker")),
    ("Omar, who approves them", ("finance_approver",)),
)
#: But for what a publishable key reads, which has nothing beside that.
MAKER = together(sorted(scopes_of(PEOPLE[0][1], COMMUNITY)))
APPROVER = ("payouts:approve", "payouts:read", "programmes:approve")
SEED = 2026
TOP_COUNT = 8
PAYEES_MAX_COUNT = 40
EXAMPLE_BANK_CODE = "37040044"
MONTHS_SHOWN_DAYS = 80
#: What can be had at once, without anybody who confirms it.
CARD = {
    "id": "book-card",
    "kind": "gift_card",
    "title": "Book card, 10 €",
    "description": "From the sandbox provider, which sells nothing: its code is not worth anything.",
    "category": "books",
    "tags": ["for readers", "online"],
    "points": 150,
}
CARD_AT_SANDBOX = {"provider": "sandbox", "product_id": "sandbox-books", "face_minor": 1000, "currency": "EUR"}
DELIVERED_SECONDS = 20.0
POLL_SECONDS = 0.1
#: Nobody else is here who had to wait while the months are sent.
WIDE_DOOR = {f"PLAUDIT_{whose}_EVENTS_PER_SECOND": "10000" for whose in ("KEY", "COMMUNITY", "ALL")}

#: What a demo needs that is gone when it ends.
WITHOUT_PAGES = tuple(part for part in PARTS if part not in {CONSOLE, GATEWAY})

console = Console()


@click.command(
    epilog="Example: plaudit demo --git ~/src/my-project --keep",
)
@click.option(
    "--git",
    "repository",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="A git repository whose history is fed in [default: this checkout]",
)
@click.option("--members", default=300, show_default=True, type=click.IntRange(10, 5000), help="Simulated members")
@click.option(
    "--stack",
    "named",
    help=f"Play on this stack, whose data is deleted first [default: one of the demo's own, {NAMES[0]}]",
)
@click.option("--yes", is_flag=True, help="Do not ask before the data of --stack is deleted")
@click.option("--keep", is_flag=True, help="Leave the stack running; no later demo deletes it")
def demo(repository: Path | None, members: int, named: str | None, yes: bool, keep: bool) -> None:
    """Start everything, feed real input through the public API, and show what came of it.

    Real: the commits of a git repository. Simulated, and labelled so: a community on several channels over
    90 days. It has a stack of its own, made anew each time; no data but an earlier demo's is deleted for it.
    """
    started = time.monotonic()
    if named is None and os.environ.get("PLAUDIT_STACK"):
        console.print("  The demo has a stack of its own: PLAUDIT_STACK is left alone.", style="dim")
    with empty_stack(named, yes=yes) as stack:
        _show(stack, repository or CHECKOUT, members, keep, started)


def _show(stack: str, repository: Path, members: int, keep: bool, started: float) -> None:
    def say(text: str) -> None:
        console.print(f"  {text}", style="dim", highlight=False)

    # Pages that are gone with the demo nobody opens.
    only = None if keep else WITHOUT_PAGES
    state = start(stack, only=only, disposable=not keep, environment=WIDE_DOOR, report=say)
    try:
        play_on(state, repository, members)
        took = time.monotonic() - started
        console.print(f"\nDone in {took:.1f} s.", style="bold")
        if keep:
            console.print(
                f"The stack keeps running: `plaudit status --stack {stack}`, `plaudit down --stack {stack}`."
            )
            console.print(
                "All of it is in the console; this link signs you in once, within 15 minutes "
                f"(`plaudit console --stack {stack}` prints another):"
            )
            click.echo(sign_in_link(state, COMMUNITY))
            console.print("Without signing in, as anybody sees it:")
            click.echo(f"{state.console_url}/c/{COMMUNITY}")
    finally:
        if not keep:
            stop(stack)
            console.print(
                "The stack is stopped. `make demo-keep` leaves it running, with all of this in the console.",
                style="dim",
            )


def play_on(state: StackState, repository: Path, members: int) -> None:
    """Play the demo on a stack that is up, and print what came of it."""
    office = local_people(state).office
    _declare(office)
    people = [(name, add_person(office, COMMUNITY, name, roles)["person_id"], roles) for name, roles in PEOPLE]
    for name, _, roles in people:
        console.print(f"Added {name}: {', '.join(roles)}.", highlight=False)
    (mia, mia_id, _), (omar, omar_id, _) = people
    with (
        temporary_key(state, COMMUNITY, f"the demo, for {mia}", MAKER, state.service_urls, mia_id) as maker,
        temporary_key(
            state, COMMUNITY, f"the demo, for {omar}", APPROVER, ("rewards", "scoring"), omar_id
        ) as approver,
    ):
        asyncio.run(_play_as(state, maker, approver, repository, members))


def _declare(office: Office) -> None:
    """Say what the community is called and what anybody may see; one that was declared before stays as it is."""
    try:
        request("POST", f"{office.ingest_url}/v1/communities", office.key, json=DECLARED)
    except Refused as refused:
        if refused.status != httpx.codes.CONFLICT:
            raise


async def _play_as(state: StackState, maker: str, approver: str, repository: Path, members: int) -> None:
    published = request(
        "POST",
        f"{state.service_urls['scoring']}/v1/programmes",
        maker,
        content=demo_programme(datetime.now(UTC)).encode(),
        headers={"Content-Type": "application/yaml"},
    )
    version = published["version"]
    console.print(
        f"\nProposed programme {published['programme_id']!r}, version {version}: it says what points are worth,"
    )
    request("POST", f"{state.service_urls['scoring']}/v1/programmes/{version}/approve", approver)
    console.print("so the other of the two approved it: it is in effect.")
    commits, simulated = await asyncio.gather(
        _import_commits(state, maker, repository), _simulate(state, maker, members)
    )
    await wait_until_idle(state, steady_seconds=0)
    _print_input(repository, commits, simulated)
    _print_recognition(state, maker)
    _redeem(state, maker)
    payout = _pay(state, maker, approver)
    await wait_until_idle(state, steady_seconds=0)
    _print_numbers(state, maker)
    if payout is not None:
        lineage = request("GET", f"{state.service_urls['analytics']}/v1/lineage/payouts/{payout}", maker)
        console.rule("One payout explained, from the bank line back to the events")
        console.print(payout_tree(lineage, acting_names(local_people(state).office, COMMUNITY)), highlight=False)
    _print_addresses(state)


async def _import_commits(state: StackState, key: str, repository: Path) -> Summary:
    summary = Summary()
    if not _is_repository(repository):
        return summary
    source = open_repository(repository, GitOptions())
    async with AsyncPlaudit(state.service_urls["ingest"], key) as client:
        await Delivery(client, summary).run(source.records)
    return summary


def _is_repository(path: Path) -> bool:
    """Whether git knows a history there: a checkout may have come as an archive."""
    found = subprocess.run(["git", "-C", str(path), "rev-parse", "HEAD"], capture_output=True, check=False)
    return found.returncode == 0


async def _simulate(state: StackState, key: str, members: int) -> Outcomes:
    yesterday = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    async with AsyncPlaudit(state.service_urls["ingest"], key) as client:
        return await play(client, Simulation(seed=SEED, until=yesterday, members=members))


def _print_input(repository: Path, commits: Summary, simulated: Outcomes) -> None:
    console.rule("What went in, through the public API")
    table = listing("source", "accepted", "duplicate", "rejected", border=None)
    table.add_row(
        f"git history of {repository.name} (real)",
        *map(str, (commits.accepted, commits.duplicate, commits.rejected)),
    )
    table.add_row(
        "a community on many channels (simulated)",
        *map(str, (simulated.accepted, simulated.duplicate, simulated.rejected)),
    )
    console.print(table)


def _print_recognition(state: StackState, key: str) -> None:
    recognition, rewards = state.service_urls["recognition"], state.service_urls["rewards"]
    console.rule("Leaderboard")
    table = listing("rank", "member", "points", "level", "badges", "available", border=None)
    for row in request("GET", f"{recognition}/v1/leaderboard", key, params={"limit": TOP_COUNT})["items"]:
        held = request("GET", f"{recognition}/v1/members/{row['member_id']}/recognition", key)
        balance = request("GET", f"{rewards}/v1/members/{row['member_id']}/balance", key)
        table.add_row(
            str(row["rank"]),
            plain(row["name"] or row["member_id"]),
            str(row["points"]),
            plain(held["level"]["title"] if held["level"] else ""),
            plain(", ".join(badge["title"] for badge in held["badges"])),
            str(balance["available"]),
        )
    console.print(table)
    console.rule("Badges and levels")
    table = listing("badge or level", "holders", border=None)
    reachable = request("GET", f"{recognition}/v1/badges", key)
    for row in [*reachable["badges"], *reachable["levels"]]:
        table.add_row(plain(row["title"]), str(row["holders"]))
    console.print(table)


def _redeem(state: StackState, key: str) -> None:
    """The leader has the programme's cheapest reward, in two phases, and a gift card, which comes by itself."""
    rewards, recognition = state.service_urls["rewards"], state.service_urls["recognition"]
    offered = request("GET", f"{rewards}/v1/catalogue", key)["items"]
    leaders = request("GET", f"{recognition}/v1/leaderboard", key, params={"limit": 1})["items"]
    if not offered or not leaders:
        return
    reward = min(offered, key=lambda one: int(one["points"]))
    leader = leaders[0]["member_id"]
    confirmed = request(
        "POST", f"{rewards}/v1/redemptions/{_choose(rewards, key, leader, reward['id'])}/confirm", key
    )
    card = _offer_card(state, key)
    ordered = _choose(rewards, key, leader, card["id"])
    console.rule("Rewards redeemed")
    name = leaders[0]["name"] or leader
    console.print(plain(f"{name} has {reward['title']!r} for {reward['points']} points: {confirmed['state']}."))
    delivered = _delivered(f"{rewards}/v1/redemptions/{ordered}", key)
    console.print(
        plain(
            f"{name} has {card['title']!r} for {card['points']} points, ordered at the sandbox provider: "
            f"{delivered['state']}."
        )
    )


def _choose(rewards: str, key: str, member_id: str, reward_id: str) -> str:
    """Reserve a reward for a member; returns the redemption's id."""
    headers = {"Idempotency-Key": f"demo-{reward_id}"}
    body = {"member_id": member_id, "reward_id": reward_id}
    return str(request("POST", f"{rewards}/v1/redemptions", key, json=body, headers=headers)["redemption_id"])


def _offer_card(state: StackState, key: str) -> dict[str, Any]:
    """A gift card of the sandbox in the catalogue: as real as can be where nobody sells anything."""
    rewards = state.service_urls["rewards"]
    connect_sandbox(state, key)
    url = f"{rewards}/v1/catalogue/rewards"
    headers = {"Idempotency-Key": f"demo-{CARD['id']}"}
    offered: dict[str, Any] = request("POST", url, key, json=CARD, headers=headers)
    request("PUT", f"{url}/{CARD['id']}/card", key, json=CARD_AT_SANDBOX)
    return offered


def _delivered(url: str, key: str) -> dict[str, Any]:
    """A redemption once it is decided, or as it is when the time for that is over."""
    ends = time.monotonic() + DELIVERED_SECONDS
    while True:
        found: dict[str, Any] = request("GET", url, key)
        if found["state"] != "reserved" or time.monotonic() > ends:
            return found
        time.sleep(POLL_SECONDS)


def _pay(state: StackState, maker: str, approver: str) -> str | None:
    """A payout run of four eyes; returns one of its payouts."""
    rewards = state.service_urls["rewards"]
    _set_payees(state, maker)
    preview = request("GET", f"{rewards}/v1/payout-run-preview", maker)
    if not preview["paid"]["payouts_count"]:
        console.rule("Payouts")
        console.print(
            f"Nobody is paid: payouts begin at {preview['minimum_points']} points, and need bank details. "
            "More members find their way there."
        )
        return None
    headers = {"Idempotency-Key": "demo-run"}
    run = request("POST", f"{rewards}/v1/payout-runs", maker, headers=headers)["run_id"]
    request("POST", f"{rewards}/v1/payout-runs/{run}/approve", approver)
    written = request("POST", f"{rewards}/v1/payout-runs/{run}/file", maker)
    content = bank_file(rewards, maker, run)
    folder = state.directory / "payouts"
    make_private(folder)
    file = folder / f"{written['message_id']}.xml"
    with open_private(file, append=False) as out:
        out.write(content)
    console.rule("Payouts")
    total = decimal_amount(written["control_sum_minor"], preview["currency"])
    paid = f"{preview['currency']} {total}"
    console.print(f"{written['payment_count']} payments, {paid} in all, as {written['schema_name']}:")
    console.print(f"{file}", soft_wrap=True, highlight=False)
    held = request("GET", f"{rewards}/v1/payouts", maker, params={"state": "held", "run": run, "limit": 500})[
        "items"
    ]
    if held:
        console.print(plain(f"{len(held)} payouts are held: {held[0]['reason']}."))
    check = request("GET", f"{rewards}/v1/ledger/check", maker)
    console.print(f"The ledger balances: {'yes' if check['balanced'] else check}.")
    submitted = request(
        "GET", f"{rewards}/v1/payouts", maker, params={"state": "submitted", "run": run, "limit": 1}
    )
    return str(submitted["items"][0]["payout_id"]) if submitted["items"] else None


def _set_payees(state: StackState, key: str) -> None:
    """Made-up bank details, with right check digits, for the simulated members at the top."""
    from schwifty import IBAN  # noqa: PLC0415 -- loads its registry of banks

    members: dict[str, Any] = {}
    after: str | None = None
    while after is not None or not members:
        page = request(
            "GET",
            f"{state.service_urls['ingest']}/v1/members",
            key,
            params={"limit": 500} | ({"after": after} if after else {}),
        )
        members |= {one["member_id"]: one for one in page["items"]}
        after = page["next"]
        if after is None:
            break
    url = f"{state.service_urls['recognition']}/v1/leaderboard"
    for number, row in enumerate(request("GET", url, key, params={"limit": PAYEES_MAX_COUNT})["items"]):
        if any(identity["id"].startswith("git:") for identity in members[row["member_id"]]["identities"]):
            continue  # a real person: nobody makes up their bank details
        iban = IBAN.generate("DE", bank_code=EXAMPLE_BANK_CODE, account_code=f"{number:010d}")
        body = {"name": row["name"] or "Simulated Member", "iban": str(iban)}
        request("PUT", f"{state.service_urls['rewards']}/v1/payees/{row['member_id']}", key, json=body)


def _print_numbers(state: StackState, key: str) -> None:
    analytics = state.service_urls["analytics"]
    summary = request("GET", f"{analytics}/v1/summary", key)
    console.rule("What analytics saw, from the topics alone")
    console.print(
        f"{summary['members']} members, {summary['events']} events, {summary['awards']} awards, "
        f"{summary['points']} points, {summary['granted']} badges and levels."
    )
    table = listing("month", "events", "active members", border=None)
    since = (datetime.now(UTC) - timedelta(days=MONTHS_SHOWN_DAYS)).date()
    shown = request("GET", f"{analytics}/v1/participation", key, params={"by": "month", "from": str(since)})
    for row in shown["items"]:
        table.add_row(str(row["starts_on"]), str(row["events"]), str(row["active_members"]))
    console.print(table)


def _print_addresses(state: StackState) -> None:
    console.rule("Addresses")
    table = listing("service", "API documentation", border=None)
    for service, url in state.service_urls.items():
        table.add_row(service, f"{url}/docs")
    console.print(table)
