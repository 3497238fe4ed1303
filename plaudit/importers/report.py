"""What an import came to, in words or as JSON."""

import json

import click

from plaudit.importers.delivery import Summary
from shared.contracts.texts import written_out


def report(summary: Summary, failure: str | None, *, output: str | None, as_json: bool) -> None:
    """Say what an import came to; on standard error where the events themselves go to standard output."""
    aside = output == "-"
    if as_json:
        click.echo(json.dumps(summary.as_document() | {"error": failure}), err=aside)
        return
    verb = "written" if output else "sent"
    click.echo(f"{summary.sent:>10,}  {verb}" + _speed(summary), err=aside)
    if summary.throttled_seconds:
        click.echo(f"{'':>10}  at the pace that the service allows one key and one community", err=aside)
    for name, meaning in (
        ("accepted", "count from now on"),
        ("duplicate", "were there already"),
        ("conflict", "have the id of another event, and don't count"),
        ("rejected", "were refused"),
        ("pending", "are taken, but not yet decided; ask again by running the import again"),
        ("invalid", "are no valid activity, and were not sent"),
        ("unsupported", "are of a kind that is not known, and were not sent"),
        ("skipped", "carry no activity"),
        ("joined", "people of several ids are one member each"),
        ("apart", "people of several ids could not be joined"),
        ("gone", "were imported earlier, and are of commits that no branch or tag has any more"),
        ("taken_back", "of them are taken back: what they earned is reversed"),
    ):
        count = getattr(summary, name)
        if count:
            click.echo(f"{count:>10,}  {name.replace('_', ' '):<9} {meaning}", err=aside)
        for text, reason in summary.reasons.get(name, {}).items():
            line = f"{'':>10}    {reason.count:,} × {text} ({', '.join(reason.examples)}{_more(reason.count)})"
            click.echo(written_out(line), err=aside)


def _speed(summary: Summary) -> str:
    if summary.seconds <= 0:
        return ""
    return f" in {summary.seconds:.1f} s ({summary.sent / summary.seconds:,.0f} events/s)"


def _more(count: int) -> str:
    return ", …" if count > 3 else ""
