"""`plaudit programme drafts`: what several people write together before it is a version."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from plaudit.calls import every_item
from plaudit.listing import listing
from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import ask, at_option, file_argument, published_lines, show, to_work
from plaudit.programme.publishing import note_option
from plaudit.terminal import plain

WRITES = ("programmes:read", "programmes:write")
draft_argument = click.argument("draft", type=click.UUID)
revision_option = click.option(
    "--revision", type=click.IntRange(min=1), required=True, help="The revision that you saw"
)


@click.group()
def drafts() -> None:
    """Write a programme with others: save a file as a draft, look at it, submit it."""


@drafts.command("list", epilog="Example: plaudit programme drafts list")
@to_work
@json_option
@click.option("--published", is_flag=True, help="Those that became versions")
def list_drafts(where: Where, as_json: bool, published: bool) -> None:
    """List drafts, what was saved last first."""
    place = where.place()
    with place.access("plaudit programme", ("programmes:read",), ("scoring",)) as key:
        state = "published" if published else "open"
        items = every_item(f"{place.url('scoring')}/v1/programme-drafts", key, state=state)
    if as_json:
        click.echo(json.dumps(items))
        return
    table = listing("draft", "title", "state", "revision", "saved by", "at", "sent back")
    for item in items:
        state = item["state"].replace("_", " ") + (", old" if item["is_old"] else "")
        row = (item["draft_id"], item["title"], state, item["revision"], item["saved_by"], item["saved_at"])
        table.add_row(*(plain(str(cell or "")) for cell in (*row, item["reason"])))
    Console().print(table)


@drafts.command("show", epilog="Example: plaudit programme drafts show 5f1c8f0e-6d0d-4c8e-9a0f-5f1f4f1f8b11")
@to_work
@json_option
@draft_argument
def show_draft(where: Where, as_json: bool, draft: Any) -> None:
    """Print the text of a DRAFT."""
    found = ask(where, "GET", f"/v1/programme-drafts/{draft}", scopes=("programmes:read",))
    show(found, as_json=as_json, words=lambda one: [one["text"].rstrip("\n")])


@drafts.command("save", epilog="Example: plaudit programme drafts save programme.yaml --title 'More for answers'")
@to_work
@json_option
@click.option("--title", help="What it is about [default: the name of the file]")
@click.option("--draft", type=click.UUID, help="Save over this draft, instead of as a new one")
@click.option("--revision", type=click.IntRange(min=1), help="With --draft: the revision that you saw")
@file_argument
def save_draft(
    where: Where, as_json: bool, title: str | None, draft: Any, revision: int | None, file: Path
) -> None:
    """Save a FILE as a draft. When somebody else saved it meanwhile, nothing is saved: what differs is said."""
    if (draft is None) != (revision is None):
        raise click.UsageError("--draft goes with --revision: what you saw is what may be saved over")
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not UTF-8: {error.reason} at byte {error.start}") from error
    body = {"title": title or file.stem, "text": text}
    if draft is None:
        saved = ask(where, "POST", "/v1/programme-drafts", scopes=WRITES, json=body)
    else:
        path = f"/v1/programme-drafts/{draft}"
        saved = ask(where, "PUT", path, scopes=WRITES, json=body | {"revision": revision})
    show(saved, as_json=as_json, words=lambda one: [f"draft {one['draft_id']} is at revision {one['revision']}"])


@drafts.command(
    "submit",
    epilog="Example: plaudit programme drafts submit 5f1c8f0e-6d0d-4c8e-9a0f-5f1f4f1f8b11 --revision 2",
)
@to_work
@json_option
@note_option
@at_option
@revision_option
@click.option("--at-once", is_flag=True, help="Without review, where one person is enough")
@draft_argument
def submit_draft(
    where: Where,
    as_json: bool,
    note: str | None,
    effective_from: str | None,
    revision: int,
    at_once: bool,
    draft: Any,
) -> None:
    """Submit a DRAFT: another person looks at it, and publishes it or sends it back."""
    body = {"revision": revision, "note": note, "effective_from": effective_from, "review": not at_once}
    published = ask(where, "POST", f"/v1/programme-drafts/{draft}/submit", scopes=WRITES, json=body)
    show(published, as_json=as_json, words=published_lines)


@drafts.command(
    "discard", epilog="Example: plaudit programme drafts discard 5f1c8f0e-6d0d-4c8e-9a0f-5f1f4f1f8b11 --revision 2"
)
@to_work
@json_option
@revision_option
@draft_argument
def discard_draft(where: Where, as_json: bool, revision: int, draft: Any) -> None:
    """Delete a DRAFT for good, as you saw it."""
    path = f"/v1/programme-drafts/{draft}"
    ask(where, "DELETE", path, scopes=WRITES, params={"revision": revision})
    show({"draft_id": str(draft)}, as_json=as_json, words=lambda _: [f"draft {draft} is discarded"])
