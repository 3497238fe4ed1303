"""Programmes become versions: published, submitted for review, or said again."""

from pathlib import Path
from typing import Any

import click

from plaudit.people import json_option
from plaudit.places import Where
from plaudit.programme.asking import (
    ask,
    at_option,
    file_argument,
    post_programme,
    published_lines,
    show,
    to_work,
    version_argument,
    warn,
)

note_option = click.option(
    "--note",
    metavar="TEXT",
    help="What it changes for members, in plain words; each version but the first takes one",
)


def _publish(where: Where, file: Path, *, as_json: bool, **params: Any) -> None:
    published = post_programme(where, file, **params)
    if not as_json:
        warn(published)
    show(published, as_json=as_json, words=published_lines)


@click.command(
    "publish", epilog="Example: plaudit programme publish programmes/starter.yaml --note 'Answers give more'"
)
@to_work
@json_option
@note_option
@at_option
@file_argument
def publish_programme(
    where: Where, as_json: bool, note: str | None, effective_from: str | None, file: Path
) -> None:
    """Publish a programme as the community's next version.

    One that changes who pays, what points are worth, or budgets waits until another person approves it; so does
    each where points are paid, or where the community has two people publish (plaudit community set --help).
    """
    _publish(where, file, as_json=as_json, note=note, effective_from=effective_from)


@click.command(
    "submit", epilog="Example: plaudit programme submit programmes/starter.yaml --note 'Answers give more'"
)
@to_work
@json_option
@note_option
@at_option
@file_argument
def submit_programme(
    where: Where, as_json: bool, note: str | None, effective_from: str | None, file: Path
) -> None:
    """Have another person look at a programme before it is published, also where one would be enough."""
    _publish(where, file, as_json=as_json, note=note, effective_from=effective_from, review=True)


@click.command(
    "rollback", epilog="Example: plaudit programme rollback 3 --note 'Fifteen points made people hurry'"
)
@to_work
@json_option
@click.option("--note", metavar="TEXT", required=True, help="Why, in plain words: everybody may read it")
@at_option
@version_argument
def roll_back_programme(where: Where, as_json: bool, note: str, effective_from: str | None, version: int) -> None:
    """Publish again what an earlier VERSION says, as a new version. Nothing that was awarded changes."""
    body = {"note": note, "effective_from": effective_from}
    published = ask(where, "POST", f"/v1/programmes/{version}/rollback", scopes=("programmes:write",), json=body)
    show(published, as_json=as_json, words=published_lines)
