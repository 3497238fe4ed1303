"""`plaudit badge`: which badges there are, who holds them, and those that people give and take back."""

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import click
import yaml
from rich.console import Console

from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.programme.asking import show
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
badge_argument = click.argument("badge")
who_argument = click.argument("who", metavar="MEMBER")
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
READ, WRITE = ("recognition:read",), ("recognition:write",)
#: What of a badge in a programme decides who holds it.
ASKED = ("rule", "count", "at_least", "tiers", "when", "measure")
_ask = Asking("plaudit badge", "recognition")


@click.group()
def badge() -> None:
    """See badges and who holds them, give them by hand and take them back. MEMBER is an id or like forum:ada."""


def _asks(one: Mapping[str, Any]) -> str:
    if one["by_hand"]:
        return "given by hand"
    if one["when"]:
        return str(one["when"])
    of = one["measure"] or (f"{one['count']}({one['rule']})" if one["rule"] else "points")
    heights = ", ".join(f"{tier['name']} {tier['at_least']:,}" for tier in one["tiers"])
    return f"{of} from {heights or format(one['at_least'], ',')}"


@badge.command("list", epilog="Example: plaudit badge list --community demo")
@to_work
@json_option
def list_badges(where: Where, as_json: bool) -> None:
    """List the badges of the programme in force, and how many members hold each."""
    found = _ask(where, "GET", "/v1/badges", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("badge", "title", "asks for", "holders", "and is")
    for one in found["badges"]:
        is_besides = ["secret"] if one["secret"] else []
        if one["limited_to"] is not None:
            is_besides.append(f"{one['given']:,} of {one['limited_to']:,} given")
        cells = (one["name"], one["title"], _asks(one), f"{one['holders']:,}", ", ".join(is_besides))
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@badge.command("show", epilog="Example: plaudit badge show solver --community demo")
@to_work
@json_option
@badge_argument
def show_badge(where: Where, as_json: bool, badge: str) -> None:
    """Show what a BADGE asks for, how rare it is, and who got it last."""
    place = where.place()
    with place.access("plaudit badge", READ, ("recognition",)) as key:
        url = f"{place.url('recognition')}/v1/badges/{quote(badge, safe='')}"
        found = request("GET", url, key)
        holders = request("GET", f"{url}/holders", key, params={"limit": 10})["items"]
    show({**found, "latest_holders": holders}, as_json=as_json, words=badge_lines)


def badge_lines(one: Mapping[str, Any]) -> list[str]:
    """A badge in words."""
    lines = [written_out(f"{one['title']} ({one['name']}): {_asks(one)}")]
    lines += [written_out(one["description"])] if one["description"] else []
    lines += ["secret: only who holds it knows of it"] if one["secret"] else []
    lines.append(f"held by {one['holders']:,} of {_members(one['members'])}")
    lines += [
        written_out(f"  {tier['title']}: from {tier['at_least']:,}, {_members(tier['holders'])}")
        for tier in one["tiers"]
    ]
    if one["limited_to"] is not None:
        lines.append(f"{one['given']:,} of {one['limited_to']:,} numbers are given")
    for holder in one.get("latest_holders", ()):
        number = "" if holder["edition"] is None else f", number {holder['edition']:,}"
        name = holder["member_name"] or holder["member_id"]
        lines.append(written_out(f"  {holder['granted_at']}  {name}{number}"))
    return lines


@badge.command("grant", epilog='Example: plaudit badge grant forum:ada hero --for "Kept the booth open"')
@to_work
@json_option
@click.option(
    "--for", "citation", metavar="WORDS", required=True, help="What for, in a sentence: the member reads it"
)
@click.option("--name", help="Names the request: made again by the same name it is the same [default: a new one]")
@who_argument
@badge_argument
def grant(where: Where, as_json: bool, citation: str, name: str | None, who: str, badge: str) -> None:
    """Give a MEMBER a BADGE that is given by hand, or that somebody took from them."""
    made = _ask(
        where,
        "POST",
        f"/v1/members/{quote(who, safe='')}/badges",
        WRITE,
        json={"badge": badge, "citation": citation},
        headers={"Idempotency-Key": name or uuid4().hex},
    )
    number = "" if made["edition"] is None else f", number {made['edition']:,}"
    show(made, as_json=as_json, words=lambda _: [f"given{number}: {made['grant_id']}"])


@badge.command(
    "take-back", epilog='Example: plaudit badge take-back forum:ada hero --reason "Somebody else did it"'
)
@to_work
@json_option
@click.option("--reason", required=True, help="Why, for whoever looks later")
@who_argument
@badge_argument
def take_back(where: Where, as_json: bool, reason: str, who: str, badge: str) -> None:
    """Take a BADGE from a MEMBER, with all of its levels; what is earned is not earned again."""
    path = f"/v1/members/{quote(who, safe='')}/badges/{quote(badge, safe='')}/take-back"
    taken = _ask(where, "POST", path, WRITE, json={"reason": reason})
    show(taken, as_json=as_json, words=lambda _: [f"taken back: {', '.join(taken['grant_ids'])}"])


@badge.command("backfill", epilog="Example: plaudit badge backfill --community demo")
@to_work
@json_option
def backfill(where: Where, as_json: bool) -> None:
    """Show how far a new version is with what members did before it."""
    show(_ask(where, "GET", "/v1/badge-backfill", READ), as_json=as_json, words=backfill_lines)


@badge.command("check", epilog="Example: plaudit badge check --community demo")
@to_work
@json_option
def check(where: Where, as_json: bool) -> None:
    """Find grants of limited badges with a number that is not their member's; exits with 1 if there are any.

    Old versions made such grants of members who were merged and parted. It says what to do.
    """
    place = where.place()
    with place.access("plaudit badge", READ, ("recognition",)) as key:
        url = f"{place.url('recognition')}/v1/badges"
        limited = [one["name"] for one in request("GET", url, key)["badges"] if one["limited_to"] is not None]
        found = [
            {"badge": name, **one}
            for name in limited
            for one in every_item(f"{url}/{quote(name, safe='')}/misnumbered", key)
        ]
    show({"limited": len(limited), "items": found}, as_json=as_json, words=check_lines)
    if found:
        raise SystemExit(1)


def check_lines(found: Mapping[str, Any]) -> list[str]:
    """What is wrongly numbered, in words, and what mends it."""
    if not found["items"]:
        return [f"{_counted(found['limited'], 'limited badge')}: each number is of the member who holds it"]
    lines = []
    for one in found["items"]:
        whose = "nobody's" if one["owner_id"] is None else f"of member {one['owner_id']}"
        same = ", who is the same person: it matters once they part" if one["is_persons"] else ""
        who = f"{one['member_name'] or 'a member'} ({one['member_id']})"
        lines.append(written_out(f"{one['badge']}: {who} holds number {one['edition']:,}, which is {whose}{same}"))
    return [
        *lines,
        "`plaudit badge renumber BADGE --reason WORDS` gives each their own number, or the lowest that is free;"
        " that is in the audit",
    ]


@badge.command("renumber", epilog='Example: plaudit badge renumber pillar --reason "Numbers of before the merge"')
@to_work
@json_option
@click.option("--reason", required=True, help="Why, for whoever looks later")
@click.option("--dry-run", is_flag=True, help="Say who would be given another number, and change nothing")
@badge_argument
def renumber(where: Where, as_json: bool, reason: str, dry_run: bool, badge: str) -> None:
    """Mend the numbers of a limited BADGE that `check` finds; exits with 1 if one is left.

    Each grant is taken back and made anew with its member's own number, or the lowest that is free. Run again it
    goes on with what is left.
    """
    place = where.place()
    scopes = READ if dry_run else (*READ, *WRITE)
    with place.access("plaudit badge", scopes, ("recognition",)) as key:
        url = f"{place.url('recognition')}/v1/badges/{quote(badge, safe='')}/misnumbered"
        found = list(every_item(url, key))
        mended: list[dict[str, Any]] = []
        left: list[dict[str, Any]] = []
        for one in () if dry_run else found:
            try:
                answer = request("POST", f"{url}/{one['grant_id']}/renumber", key, json={"reason": reason})
            except click.ClickException as error:
                left.append({**one, "why": error.message})
            else:
                mended.append({**one, "now": answer})
    said = {"badge": badge, "found": found, "mended": mended, "left": left}
    show(said, as_json=as_json, words=renumber_lines)
    if left:
        raise SystemExit(1)


def renumber_lines(said: Mapping[str, Any]) -> list[str]:
    """Who has which number now, in words, and who has not the right one yet."""
    if not said["found"]:
        return [f"{said['badge']}: each number is of the member who holds it"]
    lines = []
    for one in said["mended"]:
        now = one["now"]["edition"]
        became = "was mended meanwhile" if now is None else f"number {one['edition']:,} became number {now:,}"
        lines.append(f"{one['member_name'] or 'a member'} ({one['member_id']}): {became}")
    for one in said["left"]:
        lines.append(f"{one['member_name'] or 'a member'} ({one['member_id']}): {one['why']}")
    if not said["mended"] and not said["left"]:
        lines += [
            f"{one['member_name'] or 'a member'} ({one['member_id']}) would lose number {one['edition']:,}"
            for one in said["found"]
        ]
    return [written_out(line) for line in lines]


def backfill_lines(found: Mapping[str, Any]) -> list[str]:
    """How far it is, in words."""
    if not found["programme_version"]:
        return ["no programme is in force"]
    done = "done" if found["is_done"] else "under way"
    lines = [f"version {found['programme_version']}: {done}"]
    lines += [f"  {one['name']}: {one['percent']} %" for one in found["passes"]]
    looked_at = f"{_members(found['members'])} looked at for what one number does not decide"
    lines.append(f"  {looked_at}, with {_counted(found['grants'], 'grant')}")
    if found["due"]:
        lines.append(f"  {_members(found['due'])} to be looked at anew")
    return lines


@badge.command("count", epilog="Example: plaudit badge count programme.yaml solver --community demo")
@to_work
@json_option
@file_argument
@badge_argument
def count(where: Where, as_json: bool, file: Path, badge: str) -> None:
    """Count how many members would hold a BADGE of a programme in FILE, before it is published."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        wanted = {one["id"]: one for one in document["recognition"]["badges"]}[badge]
        asked = {name: value for name, value in wanted.items() if name in ASKED}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise click.ClickException(f"{file} has no badge {badge!r}") from error
    if wanted.get("by_hand"):
        raise click.ClickException(f"{badge!r} is given by hand: it goes to whom somebody gives it")
    for tier in asked.get("tiers") or ():
        tier.pop("colour", None)
    found = _ask(where, "POST", "/v1/badge-count", ("programmes:read",), json=asked)
    limit = wanted.get("limited_to")
    show(found, as_json=as_json, words=lambda _: count_lines(found, limit=limit))


def count_lines(found: Mapping[str, Any], *, limit: int | None = None) -> list[str]:
    """How many it would go to, in words; of a limited one no more than there are."""
    about = "" if found["is_exact"] else f"about, by {found['looked_at']:,} of {found['members']:,}: "
    lines = [f"{about}would go to {_members(found['holders'])}"]
    if limit is not None and found["holders"] > limit:
        lines = [f"{about}{_members(found['holders'])} would have what it asks for; there are {limit:,}"]
    return lines + [f"  {tier['name']}: {tier['holders']:,}" for tier in found["tiers"]]


def _members(count: int) -> str:
    return _counted(count, "member")


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


@badge.command("picture", epilog="Example: plaudit badge picture hero hero.svg --community demo")
@to_work
@json_option
@badge_argument
@file_argument
def picture(where: Where, as_json: bool, badge: str, file: Path) -> None:
    """Upload what a BADGE looks like: a PNG or an SVG in FILE, which is cleaned."""
    path = f"/v1/badges/{quote(badge, safe='')}/picture"
    kept = _ask(where, "PUT", path, ("programmes:write",), json={"content": b64encode(file.read_bytes()).decode()})
    show(kept, as_json=as_json, words=lambda _: [f"{kept['media_type']}, {kept['size_bytes']:,} bytes"])
