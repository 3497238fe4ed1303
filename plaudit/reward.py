"""`plaudit reward`: the catalogue's rewards, codes of vouchers, and links that give rewards."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import click
import yaml
from rich.console import Console

from plaudit.calls import Refused, every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.programme.asking import show
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
reward_argument = click.argument("reward", metavar="REWARD")
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
READ, WRITE = ("rewards:read",), ("rewards:write",)
BOTH = ("rewards:read", "rewards:write")
REWARDS = "/v1/catalogue/rewards"
LINKS = "/v1/reward-links"
FILE_MAX_BYTES = 4_000_000
PAGE_COUNT = 500
NOT_FOUND = 404


@click.group()
def reward() -> None:
    """See and change the catalogue, import codes of vouchers, and make links that give rewards."""


def _ask(where: Where, method: str, path: str, scopes: tuple[str, ...], **options: Any) -> Any:
    place = where.place()
    with place.access("plaudit reward", scopes, ("rewards",)) as key:
        return request(method, f"{place.url('rewards')}{path}", key, **options)


def _left(one: Mapping[str, Any]) -> str:
    return "any number" if one["left"] is None else f"{one['left']:,}"


def _state(one: Mapping[str, Any]) -> str:
    if one["is_withdrawn"]:
        return "withdrawn"
    if one["left"] == 0:
        return "none left"
    if one["is_low"]:
        return "few left"
    return "on offer" if one["is_offered"] else "not on offer now"


@reward.command("list", epilog="Example: plaudit reward list --kind voucher --community demo")
@to_work
@json_option
@click.option("--kind", help="Only these, as in voucher")
@click.option("--category", help="Only those of this category")
def list_rewards(where: Where, as_json: bool, kind: str | None, category: str | None) -> None:
    """List the rewards of the catalogue by their ids, 500 at most."""
    asked = {"kind": kind, "category": category, "limit": PAGE_COUNT}
    params = {name: value for name, value in asked.items() if value is not None}
    found = _ask(where, "GET", REWARDS, READ, params=params)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("reward", "title", "kind", "points", "left", "state")
    for one in found["items"]:
        points = "–" if one["points"] is None else f"{one['points']:,}"
        cells = (one["id"], one["title"], one["kind"], points, _left(one), _state(one))
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@reward.command("show", epilog="Example: plaudit reward show book-voucher")
@to_work
@json_option
@reward_argument
def show_reward(where: Where, as_json: bool, reward: str) -> None:
    """Show a REWARD with its prices and how many are left."""
    found = _ask(where, "GET", f"{REWARDS}/{quote(reward, safe='')}", READ)
    show(found, as_json=as_json, words=reward_lines)


def reward_lines(one: Mapping[str, Any]) -> list[str]:
    """A reward in words."""
    lines = [written_out(f"{one['title']} ({one['id']}): {one['kind']}, {_state(one)}, left: {_left(one)}")]
    lines += [f"  {price['points']:,} points from {price['effective_from']}" for price in one["prices"]]
    lines.append(f"revision {one['revision']}")
    return lines


@reward.command("put", epilog="Example: plaudit reward put book-voucher.yaml")
@to_work
@json_option
@file_argument
def put_reward(where: Where, as_json: bool, file: Path) -> None:
    """Add the reward in FILE (YAML or JSON), or change the one of its id as it is now.

    FILE has the fields of POST /v1/catalogue/rewards: id, kind, title and points, and what else is said. Where it
    has a `revision`, a reward that somebody changed since is left alone.
    """
    said = _read(file)
    place = where.place()
    with place.access("plaudit reward", BOTH, ("rewards",)) as key:
        url = f"{place.url('rewards')}{REWARDS}"
        one = f"{url}/{quote(said['id'], safe='')}"
        known = _known(one, key)
        if known is None:
            found = request("POST", url, key, json=said)
        else:
            body = {name: value for name, value in said.items() if name != "id"}
            body.setdefault("revision", known["revision"])
            found = request("PUT", one, key, json=body)
    show(found, as_json=as_json, words=reward_lines)


def _known(url: str, key: str) -> Any:
    try:
        return request("GET", url, key)
    except Refused as refused:
        if refused.status == NOT_FOUND:
            return None
        raise


def _read(file: Path) -> dict[str, Any]:
    try:
        said = yaml.safe_load(_text(file))
    except yaml.YAMLError as error:
        raise click.ClickException(f"{file} is neither YAML nor JSON: {error}") from None
    if not isinstance(said, dict) or not isinstance(said.get("id"), str):
        raise click.ClickException(f"{file} says no reward: it has an id, a kind, a title and points")
    # Days and times of YAML are what their text says.
    return json.loads(json.dumps(said, default=lambda value: value.isoformat()))  # type: ignore[no-any-return]


def _text(file: Path) -> str:
    if file.stat().st_size > FILE_MAX_BYTES:
        raise click.ClickException(f"{file} has more than {FILE_MAX_BYTES:,} bytes: divide it")
    try:
        return file.read_text()
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is no text in UTF-8") from None


@reward.command("import-codes", epilog="Example: plaudit reward import-codes book-voucher codes.csv")
@to_work
@json_option
@reward_argument
@file_argument
def import_codes(where: Where, as_json: bool, reward: str, file: Path) -> None:
    """Import codes of the voucher REWARD from FILE, a CSV with the columns code, pin and expires_on.

    All or none are taken in; what is wrong is said line by line. Sent again, none is taken in twice.
    """
    path = f"{REWARDS}/{quote(reward, safe='')}/codes"
    found = _ask(where, "POST", path, WRITE, json={"csv": _text(file)})
    show(found, as_json=as_json, words=_imported_lines)


def _imported_lines(one: Mapping[str, Any]) -> list[str]:
    lines = [f"{one['added_count']:,} codes are taken in, {len(one['known_lines']):,} were there"]
    if one["returned_count"]:
        lines.append(f"{one['returned_count']:,} were given before a restore: their owners see them again")
    return lines


@reward.command("links", epilog="Example: plaudit reward links --community demo")
@to_work
@json_option
def list_links(where: Where, as_json: bool) -> None:
    """List links that give rewards, newest first, 500 at most."""
    found = _ask(where, "GET", LINKS, READ, params={"limit": PAGE_COUNT})
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("link", "gives", "for", "state", "claimed", "until")
    for one in found["items"]:
        claimed = f"{one['claims_count']:,} of {one['uses_max_count']:,}"
        cells = (one["link_id"], one["reward_id"], one["note"], one["state"], claimed, one["expires_at"])
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@reward.command("link", epilog='Example: plaudit reward link book-voucher --uses 25 --days 14 --note "Speakers"')
@to_work
@json_option
@reward_argument
@click.option("--uses", type=click.IntRange(1), default=1, show_default=True, help="So many people can claim it")
@click.option("--days", type=click.IntRange(1), default=30, show_default=True, help="It ends after so many days")
@click.option("--note", default="", help="What it is for")
def make_link(where: Where, as_json: bool, reward: str, uses: int, days: int, note: str) -> None:
    """Make a link that gives REWARD for no points, each person once. Whoever has it can claim."""
    body = {
        "reward_id": reward,
        "uses_max_count": uses,
        "expires_at": (datetime.now(UTC) + timedelta(days=days)).isoformat(),
        "note": note,
    }
    found = _ask(where, "POST", LINKS, WRITE, json=body, headers={"Idempotency-Key": uuid4().hex})
    show(found, as_json=as_json, words=_link_lines)


def _link_lines(one: Mapping[str, Any]) -> list[str]:
    lines = [f"{one['link_id']}: {one['state']}, {one['claims_count']:,} of {one['uses_max_count']:,} claimed"]
    if "token" in one:
        lines.append(f"at the console: /claim/{one['token']}")
    return lines


@reward.command("revoke-link", epilog="Example: plaudit reward revoke-link 7f0c2f8e-3b1d-5c4a-9e8f-0a1b2c3d4e5f")
@to_work
@json_option
@click.argument("link", metavar="LINK")
def revoke_link(where: Where, as_json: bool, link: str) -> None:
    """Have a LINK give nothing any more; whoever claimed it keeps what they got."""
    found = _ask(where, "POST", f"{LINKS}/{quote(link, safe='')}/revoke", WRITE)
    show(found, as_json=as_json, words=_link_lines)


@reward.command("expiring", epilog="Example: plaudit reward expiring forum:ada --community demo")
@to_work
@json_option
@click.argument("member", metavar="MEMBER")
def list_expiring(where: Where, as_json: bool, member: str) -> None:
    """List the points of a MEMBER that expire, soonest first. MEMBER is an id or an identity, like forum:ada."""
    place = where.place()
    with place.access("plaudit reward", READ, ("rewards",)) as key:
        name = quote(member, safe=":")
        found = every_item(f"{place.url('rewards')}/v1/members/{name}/expiring-points", key)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("last day", "points")
    for one in found:
        table.add_row(plain(one["last_day"]), f"{one['points']:,}")
    Console().print(table)
