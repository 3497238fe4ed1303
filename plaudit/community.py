"""Communities from the command line: declared, shown and changed by administrators."""

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click
from rich.console import Console

from plaudit.access import Office
from plaudit.calls import every_item, request
from plaudit.listing import listing
from plaudit.places import KEY, URL, Where, where_options
from plaudit.terminal import plain
from shared.contracts.facts import Weekday

F = TypeVar("F", bound=Callable[..., Any])

PUBLIC = ("boards", "badges", "names", "programme", "figures", "cards", "celebrations", "kudos", "nominations")
PUBLISHING = {"one": "one_person", "two": "two_people"}

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
to_administer = where_options(URL, KEY)


@click.group()
def community() -> None:
    """Declare communities, show them, and change them: their time zone, currency and look."""


def said_options(command: F) -> F:
    """What can be said of a community beside its id."""
    for option in reversed(
        (
            click.option("--time-zone", metavar="NAME", help="Such as Europe/Rome: where its days begin"),
            click.option("--week-start", type=click.Choice(get_args(Weekday)), metavar="DAY", help="Like sunday"),
            click.option("--currency", metavar="CODE", help="Such as EUR"),
            click.option("--language", "languages", multiple=True, metavar="TAG", help="Such as it; repeat"),
            click.option("--name", help="The name that pages show"),
            click.option("--logo", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A PNG"),
            click.option(
                "--colours",
                nargs=3,
                metavar="BACKGROUND TEXT ACCENT",
                help="Like '#ffffff' '#1e1e1e' '#1a5fb4'",
            ),
            click.option(
                "--public",
                multiple=True,
                type=click.Choice((*PUBLIC, "nothing")),
                metavar="WHAT",
                help=f"What anybody may see: {', '.join(PUBLIC)}, or nothing; repeat",
            ),
            click.option(
                "--bot",
                "bots",
                multiple=True,
                metavar="PATTERN",
                help="Ids and names that are no person's, like 'renovate*'; repeat: all of them, or nobody",
            ),
            click.option(
                "--embed-site",
                "embed_sites",
                multiple=True,
                metavar="SITE",
                help="Whose pages may frame its embeds, like https://www.example.org; repeat: all, or nobody",
            ),
            click.option("--publishing", type=click.Choice(tuple(PUBLISHING)), help="People it takes to publish"),
            click.option(
                "--backtest/--no-backtest",
                default=None,
                help="Whether a version is backtested before it is submitted",
            ),
            click.option("--keep-texts", type=click.IntRange(min=1), metavar="DAYS", help="Days texts are kept"),
            click.option(
                "--keep-rejected", type=click.IntRange(min=1), metavar="DAYS", help="Days rejected events are"
            ),
        )
    ):
        command = option(command)
    return command


@community.command("add", epilog="Example: plaudit community add acme --title 'Our users' --time-zone Europe/Rome")
@to_administer
@json_option
@click.argument("id_", metavar="COMMUNITY")
@click.option("--title", required=True, help="What it is called")
@said_options
def add_community(where: Where, as_json: bool, id_: str, title: str, **said: Any) -> None:
    """Declare COMMUNITY. What is not said can be said later; `plaudit people add` adds who acts there."""
    office = where.place().office
    wanted = {"id": id_, "title": title} | _body(said, {"look": {"name": title}, "retention": {}})
    _show(request("POST", f"{office.ingest_url}/v1/communities", office.key, json=wanted), as_json)
    if not as_json:
        click.echo(
            f"Next: plaudit people add --community {id_} --name 'Grace Hopper' --role administrator --first-key"
        )


@community.command("list", epilog="Example: plaudit community list")
@to_administer
@json_option
def list_communities(where: Where, as_json: bool) -> None:
    """List the communities that were declared."""
    office = where.place().office
    items = every_item(f"{office.ingest_url}/v1/communities", office.key)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("id", "title", "time zone", "week", "currency")
    for item in items:
        table.add_row(*(plain(item[name]) for name in ("id", "title", "time_zone", "week_start", "currency")))
    Console().print(table)


@community.command("show", epilog="Example: plaudit community show acme")
@to_administer
@json_option
@click.argument("id_", metavar="COMMUNITY")
def show_community(where: Where, as_json: bool, id_: str) -> None:
    """Show COMMUNITY, and which time zone was, is and will be in force."""
    _show(_found(where.place().office, id_), as_json)


@community.command("set", epilog="Example: plaudit community set acme --time-zone Pacific/Auckland")
@to_administer
@json_option
@click.argument("id_", metavar="COMMUNITY")
@click.option("--title", help="What it is called")
@said_options
def set_community(where: Where, as_json: bool, id_: str, title: str | None, **said: Any) -> None:
    """Change what is said of COMMUNITY; the rest stays. A new time zone begins where a day of the old ends."""
    office = where.place().office
    found = _found(office, id_)
    change = _body(said, found) | ({} if title is None else {"title": title})
    if not change:
        raise click.UsageError("Say what to change; `plaudit community set --help` lists what there is.")
    url = f"{office.ingest_url}/v1/communities/{id_}"
    _show(request("PATCH", url, office.key, json=change | {"revision": found["revision"]}), as_json)


@community.command("approve", epilog="Example: plaudit community approve acme")
@to_administer
@json_option
@click.argument("id_", metavar="COMMUNITY")
def approve_policy(where: Where, as_json: bool, id_: str) -> None:
    """Let one person publish in COMMUNITY, as another administrator asked."""
    _decide(where, as_json, id_, "approve")


@community.command("withdraw", epilog="Example: plaudit community withdraw acme")
@to_administer
@json_option
@click.argument("id_", metavar="COMMUNITY")
def withdraw_policy(where: Where, as_json: bool, id_: str) -> None:
    """Let two people publish in COMMUNITY as before, whoever asked otherwise."""
    _decide(where, as_json, id_, "withdraw")


def _decide(where: Where, as_json: bool, id_: str, verb: str) -> None:
    office = where.place().office
    url = f"{office.ingest_url}/v1/communities/{id_}/review-policy/{verb}"
    _show(request("POST", url, office.key), as_json)


def _found(office: Office, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = request("GET", f"{office.ingest_url}/v1/communities/{id_}", office.key)
    return found


def _body(said: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What was said as the API takes it; look and retention are said whole, with what they were `before`."""
    body = {name: said[name] for name in ("time_zone", "week_start", "currency") if said[name] is not None}
    if said["languages"]:
        body["languages"] = list(said["languages"])
    if said["public"]:
        body["public"] = [what for what in said["public"] if what != "nothing"]
    if said["bots"]:
        body["bots"] = [] if said["bots"] == ("nobody",) else list(said["bots"])
    if said["embed_sites"]:
        body["embed_sites"] = [] if said["embed_sites"] == ("nobody",) else list(said["embed_sites"])
    if said["publishing"]:
        body["review_policy"] = {"publishing": PUBLISHING[said["publishing"]]}
    if said["backtest"] is not None:
        policy = body.get("review_policy") or before.get("review_policy") or {"publishing": PUBLISHING["one"]}
        body["review_policy"] = {"publishing": policy["publishing"], "backtest": said["backtest"]}
    look = {"name": said["name"]} if said["name"] is not None else {}
    if said["logo"] is not None:
        look["logo_png"] = b64encode(said["logo"].read_bytes()).decode()
    if said["colours"]:
        look["colours"] = dict(zip(("background", "text", "accent"), said["colours"], strict=True))
    kept = {
        name: said[option]
        for name, option in (("texts_days", "keep_texts"), ("rejected_days", "keep_rejected"))
        if said[option] is not None
    }
    return body | {name: before[name] | part for name, part in (("look", look), ("retention", kept)) if part}


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    look = found["look"]
    table = listing("", "", border=None)
    table.show_header = False
    for name, value in (
        ("community", f"{found['id']} ({found['title']})"),
        ("time zone", found["time_zone"]),
        ("week", f"from {found['week_start']}"),
        *(
            (f"from {one['since']}", f"{one['time_zone']}, weeks from {one['week_start']}")
            for one in found["calendar"][1:]
        ),
        ("currency", found["currency"]),
        ("languages", ", ".join(found["languages"])),
        ("look", f"{look['name']}, {'a logo' if look['logo_png'] else 'no logo'}"),
        ("colours", " ".join((look["colours"] or {"": "none"}).values())),
        ("public", ", ".join(found["public"]) or "nothing"),
        ("framed by", ", ".join(found["embed_sites"]) or "nobody's pages"),
        ("bots", ", ".join(found["bots"]) or "nobody but whom platforms call so"),
        ("publishing", _publishing(found)),
        (
            "kept",
            f"texts {found['retention']['texts_days']} days, "
            f"rejected events {found['retention']['rejected_days']} days",
        ),
    ):
        table.add_row(name, plain(value))
    Console().print(table)


def _publishing(found: dict[str, Any]) -> str:
    policy, proposed = found["review_policy"], found["proposed_policy"]
    waits = f"; {proposed['publishing']} waits for another administrator's approval" if proposed else ""
    backtest = ", each version backtested before" if policy["backtest"] else ""
    return f"{policy['publishing']}{backtest}{waits}".replace("_", " ")
