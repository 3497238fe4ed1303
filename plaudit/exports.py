"""All that all services hold of a member, as one archive: JSON for a program, a page for a person."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plaudit.calls import Refused, every_item, request
from plaudit.places import Place
from shared.personal_data.archive import archive
from shared.services import SERVICES

NOT_FOUND = 404
#: By service: what its tables hold, row by row.
Gathered = Mapping[str, Sequence[Mapping[str, Any]]]


def gather(place: Place, key: str, member_id: str) -> Gathered:
    """Ask every service for what it holds; texts are opened."""
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    for service in SERVICES:
        url = place.url(service)
        try:
            items = every_item(f"{url}/v1/members/{member_id}/personal-data", key)
        except Refused as error:
            if error.status != NOT_FOUND or service == "ingest":  # who is a member at all
                raise
            items = []
        found[service] = [_opened(url, key, item) if item["table"] == "texts" else item for item in items]
    return found


def _opened(url: str, key: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        text = request("GET", f"{url}/v1/texts/{item['row']['event_uid']}", key)
    except Refused:  # its retention ended just now, or the key that sealed it is gone
        return item
    return {**item, "row": {**item["row"], "fields": text["fields"], "extensions": text["extensions"]}}


def write_archive(path: Path, gathered: Gathered, *, community: str, member_id: str, at: str) -> int:
    """Write the archive; return how many rows are in it."""
    path.write_bytes(archive(gathered, community=community, member_id=member_id, at=at))
    return sum(len(items) for items in gathered.values())
