"""`plaudit quest`: which quests there are, how far a member is, joining and leaving."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import click
from rich.console import Console

from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.programme.asking import show
from plaudit.services_asked import Asking
from plaudit.terminal import plain
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
who_argument = click.argument("who", metavar="MEMBER")
quest_argument = click.argument("quest", metavar="QUEST")
READ, WRITE = ("recognition:read",), ("recognition:write",)
_ask = Asking("plaudit quest", "recognition")


@click.group()
def quest() -> None:
    """See quests and how far members are, join them and leave teams. MEMBER is an id or like forum:ada."""


@quest.command("list", epilog="Example: plaudit quest list --community demo")
@to_work
@json_option
def list_quests(where: Where, as_json: bool) -> None:
    """List the quests of the programme in force, and how many members completed each."""
    found = _ask(where, "GET", "/v1/quests", READ)
    if as_json:
        click.echo(json.dumps(found))
        return
    table = listing("quest", "title", "steps", "completed", "and is")
    for one in found["items"]:
        besides = ["in order"] if one["in_order"] else []
        besides += [f"in teams of {one['team_max_members']}"] if one["team_max_members"] else []
        besides += [f"within {one['within_days']} days"] if one["within_days"] else []
        besides += [f"until {one['ends']}"] if one["ends"] else []
        steps = ", ".join(f"{step['times']:,} × {step['rule']}" for step in one["steps"])
        cells = (one["id"], one["title"], steps, f"{one['holders']:,}", ", ".join(besides))
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@quest.command("show", epilog="Example: plaudit quest show forum:ada")
@to_work
@json_option
@who_argument
def show_quests(where: Where, as_json: bool, who: str) -> None:
    """Show how far a MEMBER is with each quest."""
    found = _ask(where, "GET", f"/v1/members/{quote(who, safe='')}/quests", READ)
    show(found, as_json=as_json, words=_lines_of_all)


def _lines_of_all(found: Mapping[str, Any]) -> list[str]:
    return [line for one in found["items"] for line in quest_lines(one)] or ["there are no quests"]


def quest_lines(one: Mapping[str, Any]) -> list[str]:
    """How far a member is with a quest, in words."""
    said = one["quest"]
    lines = [written_out(f"{said['title']} ({said['id']}): {one['state'].replace('_', ' ')}, {one['percent']} %")]
    lines += [
        written_out(f"  {done:,} of {step['times']:,}  {step['title']}")
        for step, done in zip(said["steps"], one["done"], strict=True)
    ]
    if one["team"] is not None:
        names = ", ".join(member["name"] or member["member_id"] for member in one["team"]["members"])
        lines.append(written_out(f"  team {one['team']['name']}: {names}"))
    return lines + ([f"  until {one['ends_at']}"] if one["ends_at"] else [])


@quest.command("join", epilog='Example: plaudit quest join forum:ada relay --team "The owls" --new')
@to_work
@json_option
@click.option("--team", metavar="NAME", help="The team of a quest that is done together")
@click.option("--new", "is_new", is_flag=True, help="Make a team of that name")
@who_argument
@quest_argument
def join(where: Where, as_json: bool, team: str | None, is_new: bool, who: str, quest: str) -> None:
    """Have a MEMBER join a QUEST: their time begins now."""
    path = f"/v1/members/{quote(who, safe='')}/quests/{quote(quest, safe='')}/join"
    found = _ask(where, "POST", path, WRITE, json={"team": team, "is_new": is_new})
    show(found, as_json=as_json, words=quest_lines)


@quest.command("leave", epilog="Example: plaudit quest leave forum:ada relay")
@to_work
@json_option
@who_argument
@quest_argument
def leave(where: Where, as_json: bool, who: str, quest: str) -> None:
    """Have a MEMBER leave their team of a QUEST."""
    path = f"/v1/members/{quote(who, safe='')}/quests/{quote(quest, safe='')}/leave"
    show(_ask(where, "POST", path, WRITE), as_json=as_json, words=quest_lines)
