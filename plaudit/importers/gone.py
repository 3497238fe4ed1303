"""Commits that were imported and that no branch or tag of the repository has any more, offered to be taken back.

A rebase or an amended commit leaves the old commit behind: once imported, it goes on counting beside the new one.
What stands is asked of the service, so that it does not matter where or when it was imported.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from plaudit_client import AsyncPlaudit

from plaudit.calls import every_item
from plaudit.importers.delivery import Summary
from plaudit.importers.git import GitOptions, source_of
from plaudit.importers.records import SourceError
from plaudit.importers.repositories import is_shallow, reachable
from plaudit.places import Place
from plaudit.terminal import plain

EXAMPLES_MAX_COUNT = 5
#: Who takes back what nobody has taken back by hand.
HISTORY = {"id": "git:history", "name": "Rewritten history", "bot": True}


def offer_to_take_back(
    place: Place,
    key: str,
    path: Path,
    options: GitOptions,
    summary: Summary,
    *,
    wait_seconds: float,
    yes: bool,
    live: bool,
    quiet: bool,
) -> None:
    """Show what stands of the source and is gone from the repository, ask, and take it back.

    With `live` that is told to people, as what happens now.

    Raises SourceError for a shallow clone, and where nobody can be asked; PlauditError, UnreachableError.
    """
    source = source_of(path, options)
    if source is None:
        return
    if is_shallow(path):
        raise SourceError(f"{path} is a shallow clone: what is missing there is not gone (git fetch --unshallow)")
    standing = every_item(f"{place.url('analytics')}/v1/lineage/commits", key, source=source)
    gone = gone_of(standing, reachable(path, options.revision))
    summary.gone = len(gone)
    if not gone:
        click.echo("Nothing that was imported is gone from the repository.", err=quiet)
        return
    if not yes and not agreed(gone, quiet):
        click.echo("Nothing was taken back.", err=quiet)
        return
    asyncio.run(_take_back(place.url("ingest"), key, source, gone, wait_seconds, live=live))
    summary.taken_back = len(gone)


def gone_of(standing: Iterable[Any], kept: frozenset[bytes]) -> list[Any]:
    """Of events of commits those whose commit is not among the SHAs that are kept."""
    return [one for one in standing if not _is_kept(str(one["id"]), kept)]


def _is_kept(event_id: str, kept: frozenset[bytes]) -> bool:
    # What is no SHA is none of ours, and stays: <sha>, <sha>@<ref>, and either with #co<id>.
    try:
        return bytes.fromhex(event_id.partition("#")[0].partition("@")[0]) in kept
    except ValueError:
        return True


def agreed(gone: Sequence[Any], quiet: bool) -> bool:
    """Whether somebody says yes. Raises SourceError when there is nobody to ask."""
    click.echo(f"{len(gone):>10,}  events are of commits that no branch or tag here has any more:", err=quiet)
    for one in gone[:EXAMPLES_MAX_COUNT]:
        click.echo(f"{'':>10}    {plain(one['id'])[:60]}  of {plain(one['time'])}", err=quiet)
    if len(gone) > EXAMPLES_MAX_COUNT:
        click.echo(f"{'':>10}    …", err=quiet)
    try:
        return click.confirm("Take them back? Fetch first if others push here", default=False, err=True)
    except click.Abort:
        raise SourceError("nobody was there to say yes to taking back; give --yes, or answer") from None


async def _take_back(
    url: str, key: str, source: str, gone: Sequence[Any], wait_seconds: float, *, live: bool
) -> None:
    now = datetime.now(UTC)
    async with AsyncPlaudit(url, key, backfill=not live) as client:
        sent = await client.send(retraction(source, str(one["id"]), now) for one in gone)
        await client.wait(sent.receipt_ids, timeout_seconds=wait_seconds)


def retraction(source: str, event_id: str, now: datetime) -> dict[str, Any]:
    """The event that takes a commit's back."""
    return {
        "specversion": "1.0",
        "type": "activity.retracted.v1",
        "source": source,
        "id": f"{event_id}#gone",
        "time": now,
        "data": {
            "channel": "code",
            "actor": HISTORY,
            "target": {"source": source, "id": event_id},
            "reason": "no branch or tag has the commit any more",
        },
    }
