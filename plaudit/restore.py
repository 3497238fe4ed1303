"""`plaudit restore check`: what each service has forgotten since its backup, and whether it knows it again."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import click
import httpx

from plaudit.calls import Refused, request, why_not_ready
from plaudit.places import ADMIN_KEY, KEY, URL, Where, where_options
from shared.contracts.texts import written_out
from shared.services import SERVICES

RUNBOOK = "docs/runbooks/fenced.md"


@click.group("restore")
def restore() -> None:
    """Look what a restore from a backup has left open."""


@restore.command("check", epilog="Example: plaudit restore check --json")
@where_options(URL, KEY, ADMIN_KEY)
@click.argument("services", nargs=-1, type=click.Choice(SERVICES))
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def check(where: Where, services: tuple[str, ...], as_json: bool) -> None:
    """Compare the database of each of SERVICES (all, if none is named) with the topics that it writes.

    Takes the key of an operator or an administrator. After a restore a service may not know it any more: then it
    answers the bootstrap key that it was given, where it was given one. Shows up to where a
    service knows its topics and where they end, which facts are still to be taken in, and what could not be
    brought back. Exit code 3 when something differs, or a service does not answer.
    """
    place = where.place()
    secrets = [secret for secret in (place.key, place.admin_key) if secret]
    if not secrets:
        raise click.ClickException(f"{place.name} has no key of an operator: give --key, or --admin-key")
    found = {service: _asked(place.url(service), secrets) for service in services or SERVICES}
    differs = {service: list(differences(answer)) for service, answer in found.items()}
    if as_json:
        click.echo(json.dumps({"services": found, "differs": any(differs.values())}, indent=2))
    else:
        for service, answer in found.items():
            for line in _lines(service, answer, differs[service]):
                click.echo(written_out(line))
    if any(differs.values()):
        raise SystemExit(3)


def _asked(url: str, secrets: Sequence[str]) -> dict[str, Any]:
    """What a service answers the first of these keys that may; to none no more than whether it is fenced."""
    try:
        for secret in secrets:
            try:
                answer: dict[str, Any] = request("GET", f"{url}/v1/own-facts", secret)
            except Refused as error:
                if error.status not in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
                    return {"error": error.message}
            else:
                return answer
    except click.ClickException as error:
        return {"error": error.message}
    why = why_not_ready(url)
    return {"fenced": why is not None, "why": why, "topics": None, "waiting": [], "not_rebuilt": []}


def differences(answer: dict[str, Any]) -> Iterator[str]:
    """What differs, in words, by what a service answered; nothing when it knows all that it told."""
    if "error" in answer:
        yield f"cannot say: {answer['error']}"
        return
    if answer["fenced"]:
        yield f"fenced: {answer['why']}"
    unknown: Counter[str] = Counter()
    for one in answer["topics"] or ():
        if one["why_not"]:
            yield one["why_not"]
        unknown[one["topic"]] += one["unknown_count"]
    for topic, count in unknown.items():
        if count:
            yield f"{count} records of {topic} are not known"
    for one in answer["waiting"]:
        why = f": {one['reason']}" if one["reason"] else ""
        yield f"{one['count']} {one['kind'] or 'unreadable'} of {one['topic']} to be taken in{why}"


def _lines(service: str, answer: dict[str, Any], differs: list[str]) -> Iterator[str]:
    if not differs and answer["topics"] is None:
        yield f"{service}: is not fenced; it says no more to the keys that were given"
    elif not differs:
        knows = "knows all that it told" if answer["topics"] else "tells nothing, and reads its topics again"
        yield f"{service}: {knows}"
    for line in differs:
        yield f"{service}: {line}"
    for one in answer.get("not_rebuilt", ()):
        yield f"{service}: not brought back, in {one['community']}: {one['subject']}: {one['reason']}"
    if differs:
        yield f"{service}: see {RUNBOOK}"
