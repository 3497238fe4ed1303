"""`plaudit reward`: the catalogue's rewards, codes of vouchers, and links that give rewards."""

import json
from base64 import b64encode
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
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
reward_argument = click.argument("reward", metavar="REWARD")
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
READ, WRITE = ("rewards:read",), ("rewards:write",)
BOTH = ("rewards:read", "rewards:write")
REWARDS = "/v1/catalogue/rewards"
LINKS = "/v1/reward-links"
GOODS = "/v1/fulfilments"
FILE_MAX_BYTES = 4_000_000
PAGE_COUNT = 500
FOUND_COUNT = 100
NOT_FOUND = 404
_ask = Asking("plaudit reward", "rewards")


@click.group()
def reward() -> None:
    """See and change the catalogue, import codes of vouchers, send goods, and make links that give rewards."""


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
@click.option("--tag", help="Only those with this tag")
def list_rewards(where: Where, as_json: bool, kind: str | None, category: str | None, tag: str | None) -> None:
    """List the rewards of the catalogue by their ids, 500 at most."""
    asked = {"kind": kind, "category": category, "tag": tag, "limit": PAGE_COUNT}
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


@reward.command("find", epilog="Example: plaudit reward find --member forum:ada --affordable evening")
@to_work
@json_option
@click.argument("words", nargs=-1)
@click.option("--member", required=True, help="For whom: a member's id or identity, as in forum:ada")
@click.option("--language", help="In which language titles are read and searched, as in it")
@click.option("--kind", help="Only these, as in gift_card")
@click.option("--category", help="Only those of this category")
@click.option("--tag", multiple=True, help="Only those with this tag; of several, with all of them")
@click.option("--currency", help="Only gift cards in this currency, as in EUR")
@click.option("--country", help="Without gift cards that cannot be used there, as in IT")
@click.option("--max-points", type=click.IntRange(min=0), help="Only those that cost as much, or less")
@click.option("--affordable", is_flag=True, help="Only what the member has points for")
@click.option("--order", type=click.Choice(["points", "-points", "title"]), default="points", show_default=True)
@click.option("--after", metavar="CURSOR", help="What the page before ended with")
def find_rewards(where: Where, as_json: bool, words: tuple[str, ...], member: str, **said: Any) -> None:
    """List what is on offer for a member and has all WORDS, 100 a page, with what keeps them from it."""
    asked = {"q": " ".join(words), "limit": FOUND_COUNT, **said}
    params = {name: value for name, value in asked.items() if value not in (None, "", False, ())}
    found = _ask(where, "GET", f"/v1/members/{quote(member, safe='')}/offered-rewards", READ, params=params)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("reward", "title", "kind", "points", "missing", "refused for")
    for one in found["items"]:
        cells = (one["id"], one["title"], one["kind"], f"{one['points']:,}", f"{one['missing_points']:,}")
        table.add_row(*(plain(cell) for cell in (*cells, one["refused_for"] or "–")))
    Console().print(table)
    if found["next"]:
        click.echo(f"more: --after {found['next']}")


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


@reward.command(
    "picture", epilog='Example: plaudit reward picture mug mug.jpg --alt "A blue mug" --in it "Una tazza blu"'
)
@to_work
@json_option
@reward_argument
@file_argument
@click.option("--alt", required=True, help="What it shows, for whoever does not see it")
@click.option(
    "--in", "others", nargs=2, multiple=True, metavar="LANGUAGE TEXT", help="The same in another language"
)
def put_picture(
    where: Where, as_json: bool, reward: str, file: Path, alt: str, others: tuple[tuple[str, str], ...]
) -> None:
    """Upload what a REWARD looks like: a JPEG, PNG or SVG in FILE, which is made again from what is harmless."""
    if file.stat().st_size > FILE_MAX_BYTES:
        raise click.ClickException(f"{file} has more than {FILE_MAX_BYTES:,} bytes: make it smaller")
    body = {
        "content": b64encode(file.read_bytes()).decode(),
        "alt": alt,
        "translations": [{"language": language, "alt": text} for language, text in others],
    }
    kept = _ask(where, "PUT", f"{REWARDS}/{quote(reward, safe='')}/picture", WRITE, json=body)
    show(kept, as_json=as_json, words=lambda one: [f"{one['media_type']}, {one['size_bytes']:,} bytes"])


@reward.command("drop-picture", epilog="Example: plaudit reward drop-picture mug")
@to_work
@reward_argument
def drop_picture(where: Where, reward: str) -> None:
    """Have a REWARD have no picture."""
    _ask(where, "DELETE", f"{REWARDS}/{quote(reward, safe='')}/picture", WRITE)
    click.echo("It has no picture")


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


@reward.command("order", epilog="Example: plaudit reward order forum:ada mug:2 book-voucher --points 220")
@to_work
@json_option
@click.argument("member", metavar="MEMBER")
@click.argument("items", metavar="REWARD[:COUNT]...", nargs=-1, required=True)
@click.option("--points", type=click.IntRange(1), required=True, help="What all of them cost, as you saw it")
def order(where: Where, as_json: bool, member: str, items: tuple[str, ...], points: int) -> None:
    """Choose several rewards for MEMBER (an id or an identity) at once: all of them are reserved, or none."""
    body = {"items": [_item(item) for item in items], "points": points}
    path = f"/v1/members/{quote(member, safe=':')}/orders"
    found = _ask(where, "POST", path, BOTH, json=body, headers={"Idempotency-Key": uuid4().hex})
    show(found, as_json=as_json, words=_order_lines)


def _item(said: str) -> dict[str, Any]:
    reward_id, _, count = said.partition(":")
    if count and not count.isdecimal():
        raise click.ClickException(f"{said} is no REWARD[:COUNT], such as mug:2")
    return {"reward_id": reward_id, "count": int(count or 1)}


def _order_lines(one: Mapping[str, Any]) -> list[str]:
    lines = [f"order {one['order_id']}: {one['points']:,} points"]
    lines += [
        written_out(f"  {item['title']}: {item['state']} ({item['redemption_id']})") for item in one["items"]
    ]
    return lines


@reward.command("goods", epilog="Example: plaudit reward goods --state reserved")
@to_work
@json_option
@click.option("--state", help="Only these, as in reserved, in_hand or fulfilled")
def list_goods(where: Where, as_json: bool, state: str | None) -> None:
    """List goods that are to be sent, what waits longest first, 500 at most; where they go is in no list."""
    asked = {"state": state, "limit": PAGE_COUNT}
    params = {name: value for name, value in asked.items() if value is not None}
    found = _ask(where, "GET", GOODS, READ, params=params)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("goods", "reward", "for", "state", "address", "since")
    for one in found["items"]:
        name = one["member_name"] or one["member_id"]
        has = "said" if one["has_address"] else "–"
        cells = (one["redemption_id"], one["title"], name, one["state"], has, one["created_at"])
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


def _send(where: Where, goods: str, verb: str, body: Mapping[str, Any] | None, *, as_json: bool) -> None:
    found = _ask(where, "POST", f"{GOODS}/{quote(goods, safe='')}/{verb}", WRITE, json=body)
    show(found, as_json=as_json, words=lambda one: [written_out(f"{one['title']}: {one['state']}")])


goods_argument = click.argument("goods", metavar="GOODS")
GOODS_EXAMPLE = "3f0c2f8e-3b1d-5c4a-9e8f-0a1b2c3d4e5f"


@reward.command("take", epilog=f"Example: plaudit reward take {GOODS_EXAMPLE}")
@to_work
@json_option
@goods_argument
def take_goods(where: Where, as_json: bool, goods: str) -> None:
    """Take GOODS in hand, by the id of their redemption: nobody else sends them meanwhile."""
    _send(where, goods, "take", None, as_json=as_json)


@reward.command("put-back", epilog=f"Example: plaudit reward put-back {GOODS_EXAMPLE}")
@to_work
@json_option
@goods_argument
def put_goods_back(where: Where, as_json: bool, goods: str) -> None:
    """Put GOODS back that somebody has in hand, for others to take."""
    _send(where, goods, "put-back", None, as_json=as_json)


@reward.command("ship", epilog=f"Example: plaudit reward ship {GOODS_EXAMPLE} --carrier Post")
@to_work
@json_option
@goods_argument
@click.option("--carrier", default="", help="Who carries it")
@click.option("--tracking-url", help="Where its member sees how far it got")
def ship_goods(where: Where, as_json: bool, goods: str, carrier: str, tracking_url: str | None) -> None:
    """Note that GOODS in your hand are on their way: the points are spent."""
    body = {"carrier": carrier} | ({} if tracking_url is None else {"tracking_url": tracking_url})
    _send(where, goods, "ship", body, as_json=as_json)


@reward.command("cannot-send", epilog=f'Example: plaudit reward cannot-send {GOODS_EXAMPLE} --reason "None left"')
@to_work
@json_option
@goods_argument
@click.option("--reason", required=True, help="Its member reads it")
def cannot_send(where: Where, as_json: bool, goods: str, reason: str) -> None:
    """Say that GOODS cannot be sent: the points are available again."""
    _send(where, goods, "cannot", {"reason": reason}, as_json=as_json)


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
