"""`plaudit survey`: what surveys say, what a member is asked, and an answer given by a token."""

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
FIGURES, ANSWERS, WORDS = ("analytics:read",), ("events:write",), ("members:read",)
SHOWN_MAX_COUNT = 200
FIRST_DAY = "2020-01-01"
_ask_analytics = Asking("plaudit survey", "analytics")
_ask_ingest = Asking("plaudit survey", "ingest")


@click.group()
def survey() -> None:
    """See what surveys say, what members are asked, and answer. MEMBER is an id or like forum:ada."""


@survey.command("results", epilog="Example: plaudit survey results --from 2026-01-01")
@to_work
@json_option
@click.option("--from", "first", metavar="DAY", default=FIRST_DAY, show_default=True, help="From this day on")
@click.option("--limit", type=click.IntRange(1, SHOWN_MAX_COUNT), default=50, show_default=True, help="So many")
def results(where: Where, as_json: bool, first: str, limit: int) -> None:
    """Show what each survey says, by whole months, with intervals of 95 %, and how many answered."""
    wanted = {"from": first, "limit": limit}
    items = _ask_analytics(where, "GET", "/v1/feedback", FIGURES, params=wanted)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("the programme asks nothing")
        return
    table = listing("survey", "kind", "score", "interval", "answers", "asked", "answered")
    for one in items:
        found = one["feedback"] or {}
        percent = one["response_percent"]
        cells = (
            one["survey"],
            one["kind"],
            *_figure(found.get("score")),
            str(found.get("answers", "fewer than five")),
            str(one["asked"]),
            "" if percent is None else f"{percent:.1f} %",
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@survey.command("show", epilog="Example: plaudit survey show would-recommend --by quarter")
@to_work
@json_option
@click.option("--by", type=click.Choice(["month", "quarter"]), default="month", show_default=True, help="By which")
@click.option("--from", "first", metavar="DAY", default=FIRST_DAY, show_default=True, help="From this day on")
@click.argument("survey_id", metavar="SURVEY")
def show_survey(where: Where, as_json: bool, by: str, first: str, survey_id: str) -> None:
    """Show what a SURVEY says by month or quarter, newest first; this month's answers come by fives."""
    path = f"/v1/feedback/{quote(survey_id, safe='')}"
    found = _ask_analytics(where, "GET", path, FIGURES, params={"from": first, "by": by})
    show(found, as_json=as_json, words=period_lines)


def period_lines(found: Mapping[str, Any]) -> list[str]:
    """What a survey says, in words: a line for each month or quarter."""
    lines = []
    for one in found["periods"]:
        said = one["feedback"]
        value, interval = _figure(said and said["score"])
        figures = f"{value} ({interval})" if value else "fewer than five answers" if said is None else ""
        answers = 0 if said is None else said["answers"]
        lines.append(f"{one['starts_on']}  {figures}  {answers} of {one['asked']}".replace("    ", "  "))
    return lines or ["nobody was asked yet"]


@survey.command("audiences", epilog="Example: plaudit survey audiences would-recommend --by quarter")
@to_work
@json_option
@click.option("--by", type=click.Choice(["month", "quarter"]), default="month", show_default=True, help="By which")
@click.option("--from", "first", metavar="DAY", default=FIRST_DAY, show_default=True, help="From this day on")
@click.argument("survey_id", metavar="SURVEY")
def audiences(where: Where, as_json: bool, by: str, first: str, survey_id: str) -> None:
    """Show what a SURVEY says by audience, in months that are over."""
    path = f"/v1/feedback/{quote(survey_id, safe='')}/slices"
    found = _ask_analytics(where, "GET", path, FIGURES, params={"from": first, "by": by})
    show(found, as_json=as_json, words=slice_lines)


def slice_lines(found: Mapping[str, Any]) -> list[str]:
    """What a survey says by audience, in words: a line for each."""
    if found["anonymous"]:
        return ["it is anonymous: nobody knows who was in which audience"]
    lines = []
    for one in found["slices"]:
        said = one["feedback"]
        value, interval = _figure(said and said["score"])
        figures = "not shown" if said is None else f"{value} ({interval})" if value else ""
        answers = "" if said is None else f"  {said['answers']} answers"
        lines.append(written_out(f"{one['title'] or 'everybody'}  {figures}{answers}"))
    return lines


@survey.command("words", epilog="Example: plaudit survey words would-recommend")
@to_work
@json_option
@click.option("--limit", type=click.IntRange(1, SHOWN_MAX_COUNT), default=50, show_default=True, help="So many")
@click.argument("survey_id", metavar="SURVEY")
def words(where: Where, as_json: bool, limit: int, survey_id: str) -> None:
    """List what members wrote in a SURVEY by name; `plaudit idea suggest --of-answer` suggests it for them."""
    wanted = {"survey": survey_id, "limit": limit}
    items = _ask_ingest(where, "GET", "/v1/survey-answers", WORDS, params=wanted)["items"]
    if as_json:
        click.echo(json.dumps(items))
        return
    if not items:
        click.echo("nobody wrote anything in it that is kept")
        return
    table = listing("day", "who", "answer", "words", "suggested", "id")
    for one in items:
        cells = (
            one["answered_on"],
            str(one["member"]["name"] or one["member"]["member_id"]),
            str(one["choice"] or ("" if one["score"] is None else one["score"])),
            one["words"] or "",
            one["idea_id"] or "",
            one["event_uid"],
        )
        table.add_row(*(plain(cell) for cell in cells))
    Console().print(table)


@survey.command("open", epilog="Example: plaudit survey open forum:ada")
@to_work
@json_option
@click.argument("who", metavar="MEMBER")
def open_surveys(where: Where, as_json: bool, who: str) -> None:
    """List what a MEMBER is asked now, with the token that answers it."""
    path = f"/v1/members/{quote(who, safe='')}/survey-invitations"
    found = _ask_ingest(where, "GET", path, ANSWERS)
    show(found, as_json=as_json, words=invitation_lines)


def invitation_lines(found: Mapping[str, Any]) -> list[str]:
    """What somebody is asked, in words."""
    lines = []
    for one in found["items"]:
        question = one["question"].get("en") or next(iter(one["question"].values()))
        state = (
            f"answered on {one['answered_on']}" if one["answered_on"] else f"open until {one['closes_at'][:10]}"
        )
        lines += [f"{one['survey']}: {plain(question)}", f"  {state}", f"  {one['token']}"]
    return lines or ["nothing is asked of them now"]


@survey.command("answer", epilog="Example: plaudit survey answer TOKEN --score 9")
@to_work
@json_option
@click.option("--score", type=click.IntRange(0, 10), help="A number, where it asks for one")
@click.option("--choice", metavar="CHOICE", help="One of its choices")
@click.option("--comment", metavar="WORDS", help="Words, where it asks for some")
@click.argument("token", metavar="TOKEN")
def answer(
    where: Where, as_json: bool, score: int | None, choice: str | None, comment: str | None, token: str
) -> None:
    """Answer what a TOKEN asks, which `plaudit survey open` shows; anew in place of an answer before."""
    body = {"score": score, "choice": choice, "comment": comment}
    path = f"/v1/survey-invitations/{quote(token, safe='')}/answer"
    found = _ask_ingest(where, "POST", path, ANSWERS, json=body)
    show(found, as_json=as_json, words=lambda _: ["answered"])


def _figure(one: Mapping[str, Any] | None) -> tuple[str, str]:
    return ("", "") if one is None else (f"{one['value']:.1f}", f"{one['low']:.1f} to {one['high']:.1f}")
