"""`plaudit level`: where members are on levels, those that people fix for them, and levels to begin with."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click

from plaudit.people import json_option
from plaudit.places import COMMUNITY, KEY, URL, Where, where_options
from plaudit.programme.asking import show
from plaudit.services_asked import Asking
from shared.contracts.texts import written_out

to_work = where_options(URL, KEY, COMMUNITY)
who_argument = click.argument("who", metavar="MEMBER")
READ, WRITE = ("recognition:read",), ("recognition:write",)
_FOLDER = Path(__file__).parent / "programme" / "presets"
PRESETS: Final = ("discourse_trust_levels",)
NO_LEVEL = "none"
_ask = Asking("plaudit level", "recognition")


@click.group()
def level() -> None:
    """See levels, fix a member's by hand, and take levels to begin with. MEMBER is an id or like forum:ada."""


def preset_text(name: str) -> str:
    """The sections of a preset, as a programme has them."""
    return (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


@level.command("show", epilog="Example: plaudit level show forum:ada --community demo")
@to_work
@json_option
@who_argument
def show_level(where: Where, as_json: bool, who: str) -> None:
    """Show where a MEMBER is, what the next level asks for, and what keeps the one that they have."""
    found = _ask(where, "GET", f"/v1/members/{quote(who, safe='')}/levels", READ)
    show(found, as_json=as_json, words=level_lines)


def level_lines(found: Mapping[str, Any]) -> list[str]:
    """Where a member is, in words."""
    titles = {one["name"]: one["title"] for one in found["items"]}
    if not titles:
        return ["the programme has no levels that ask for more than points"]
    lines = [written_out(f"level: {titles.get(found['level'], 'none')}")]
    if found["lock"]:
        why = f": {found['lock']['reason']}" if found["lock"]["reason"] else ""
        lines.append(written_out(f"fixed by hand since {found['lock']['locked_at']}{why}"))
    if found["changes_at"]:
        lines.append(f"changes at {found['changes_at']}, if nothing is done until then")
    by_name = {one["name"]: one for one in found["items"]}
    held = by_name.get(found["level"])
    if held is not None and held["keep"]:
        until = f", which is lost from {held['grace_until']} on at the earliest" if held["grace_until"] else ""
        lines += [written_out(f"what keeps {held['title']}{until}:"), *_asked_lines(held["keep"])]
    coming = by_name.get(found["next_level"])
    if coming is not None:
        lines += [written_out(f"what {coming['title']} asks for:"), *_asked_lines(coming["requires"])]
    return lines


def _asked_lines(all_asked: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in all_asked:
        yield written_out(f"  [{'x' if one['is_met'] else ' '}] {_asked(one)}")


def _asked(one: Mapping[str, Any]) -> str:
    if one["known_minutes"] is not None:
        return f"known since {one['known_minutes']:,} minutes"
    if one["unsuspended_days"] is not None:
        return f"not suspended, nor within {one['unsuspended_days']:,} days"
    what = f"sum of {one['of']}" if one["count"] == "sum" else one["count"]
    bound = f"at most {one['at_most']:,}" if one["at_most"] is not None else f"of {one['at_least']:,}"
    within = "" if one["within_days"] is None else f" within {one['within_days']:,} days"
    return f"{what}({one['rule']}){within}: {one['value']:,} {bound}"


@level.command("lock", epilog='Example: plaudit level lock forum:ada leader --reason "Leads the weekly call"')
@to_work
@json_option
@click.option("--reason", required=True, help="Why, for whoever looks later")
@who_argument
@click.argument("level", metavar="LEVEL")
def lock(where: Where, as_json: bool, reason: str, who: str, level: str) -> None:
    """Fix a MEMBER's LEVEL (none: below all): it neither rises nor falls until somebody lets it go."""
    path = f"/v1/members/{quote(who, safe='')}/level-lock"
    wanted = None if level == NO_LEVEL else level
    made = _ask(where, "POST", path, WRITE, json={"level": wanted, "reason": reason})
    show(made, as_json=as_json, words=lambda _: [f"fixed: {made['level'] or 'below all levels'}"])


@level.command("unlock", epilog='Example: plaudit level unlock forum:ada --reason "Handed the call over"')
@to_work
@json_option
@click.option("--reason", required=True, help="Why, for whoever looks later")
@who_argument
def unlock(where: Where, as_json: bool, reason: str, who: str) -> None:
    """Let a MEMBER's level be what they do again."""
    path = f"/v1/members/{quote(who, safe='')}/level-unlock"
    ended = _ask(where, "POST", path, WRITE, json={"reason": reason})
    show(ended, as_json=as_json, words=lambda _: ["it is what they do again"])


@level.command("preset", epilog="Example: plaudit level preset discourse_trust_levels")
@click.argument("name", type=click.Choice(PRESETS))
def preset(name: str) -> None:
    """Print the sections of a preset: scores, rules and levels to put into a programme."""
    click.echo(preset_text(name), nl=False)
