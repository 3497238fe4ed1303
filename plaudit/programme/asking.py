"""What the commands of `plaudit programme` have in common."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from plaudit.calls import request
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
version_argument = click.argument("version", type=click.IntRange(min=1))
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
at_option = click.option(
    "--at", "effective_from", metavar="TIME", help="When it takes effect, as 2027-01-01T00:00:00Z [default: soon]"
)
POLL_SECONDS = 0.5
YAML = {"Content-Type": "application/yaml"}

#: Why a version takes a second person, in words.
BECAUSE = {
    "money": "it changes money",
    "payouts": "points are paid in this community",
    "policy": "the community has two people publish",
    "asked": "that was asked for",
}


def ask(
    where: Where, method: str, path: str, *, scopes: Sequence[str], service: str = "scoring", **options: Any
) -> Any:
    """Ask scoring, or another service, with the caller's key, or with one for the moment that has those scopes."""
    place = where.place()
    with place.access("plaudit programme", tuple(scopes), (service,)) as key:
        return request(method, f"{place.url(service)}{path}", key, **options)


def followed(url: str, key: str, found: Any, *, goes_on: Callable[[Any], bool], more: Callable[[Any], str]) -> Any:
    """What scoring works at, once that goes on no more; how far it is is said on standard error, with `more`."""
    shown = ""
    while goes_on(found):
        time.sleep(POLL_SECONDS)
        found = request("GET", url, key)
        waits = ", waits for the live line" if found["waits_for_live"] else ""
        said = f"{found['state']}: {found['percent']} %{more(found)}{waits}"
        if said != shown:
            shown = said
            click.echo(said, err=True)
    return found


def post_programme(where: Where, file: Path, **params: Any) -> Any:
    """Send a programme: to be looked at, or to be published."""
    return ask(
        where,
        "POST",
        "/v1/programmes",
        scopes=("programmes:read", "programmes:write"),
        params={name: value for name, value in params.items() if value is not None},
        content=file.read_bytes(),
        headers=YAML,
    )


def show(found: Any, *, as_json: bool, words: Callable[[Any], Sequence[str]]) -> None:
    """Print an answer: as it came for a script, else in words."""
    for line in [json.dumps(found)] if as_json else words(found):
        click.echo(line)


def warn(publication: Mapping[str, Any]) -> None:
    """Say on standard error what is allowed and hardly meant."""
    for one in publication["warnings"]:
        text = f"line {one['line']}, column {one['column']}: {one['field']} {one['detail']}"
        click.echo(f"warning: {written_out(text)}", err=True)


def boards_lines(take: Mapping[str, Any] | None) -> list[str]:
    """What the boards of a programme take to be kept."""
    if take is None:
        return []
    megabytes = take["bytes_per_member"]
    return [
        f"its boards ({take['boards']}) take up to {take['rows_per_member']} rows a member, {megabytes:,} MB for"
        f" each million members and {take['bytes_per_event']:,} for each million events that give points on all of"
        f" them, and {take['result_bytes'] / 1e6:,.1f} MB for results"
    ]


def why_two(publication: Mapping[str, Any]) -> str:
    """Why it takes another person."""
    return ", and ".join(BECAUSE.get(why, why) for why in publication["waits_because"])


def published_lines(published: Mapping[str, Any]) -> list[str]:
    """What a publication did, and what is to do next."""
    name, number = f"{published['programme_id']} version {published['version']}", published["version"]
    lines = []
    if published["superseded"]:
        lines.append(f"version {published['superseded']}, which was proposed, can not be approved any more")
    if published["state"] == "published":
        return [*lines, f"{name} is in effect from {published['effective_from']}"]
    why = why_two(published)
    said = f"{name} is proposed, and not in effect until another person approves it"
    return [
        *lines,
        f"{said}: {why}." if why else f"{said}.",
        *change_lines(published["money_changes"]),
        f"Another person who may (role finance_approver) approves it: plaudit programme approve {number} --key …",
    ]


def change_lines(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a version changes of money, a line for each field."""
    return [
        written_out(f"  {change['field']}: {said(change['before'])} -> {said(change['after'])}")
        for change in changes
    ]


def said(value: Any) -> str:
    """A value as a line has it."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
