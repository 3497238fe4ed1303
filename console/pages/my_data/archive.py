"""All that all services hold of a member, gathered as the member asks for it, as one archive."""

import asyncio
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any

import orjson

from console.asking import Answer
from console.frame.visits import Visit
from console.pages.my_data.words import ERASED
from shared.services import SERVICES

PAGE_COUNT = 500
#: Who knows whether there is such a member; others may hold nothing of theirs.
WHO_THERE_IS = "ingest"
#: What stays in memory of an archive; beyond it goes to a file that is deleted when it was sent.
MEMORY_BYTES = 8 * 1024 * 1024
TEXTS_AT_ONCE = 8
#: Archives that this process makes at once: each asks every service for all that it has.
AT_ONCE = asyncio.Semaphore(2)

Row = dict[str, Any]


class NotGatheredError(Exception):
    """A service did not answer, or there is more than one archive may hold (`answer` is None then)."""

    def __init__(self, answer: Answer | None) -> None:
        super().__init__()
        self.answer = answer


async def make_archive(visit: Visit) -> IO[bytes]:
    """The archive as a file that is read from its beginning; whoever takes it closes it.

    Raises NotGatheredError: half of it would pass for all.
    """
    async with AT_ONCE:
        member_id = str(visit.signed_in.member_id)
        gathered = dict(
            zip(SERVICES, await asyncio.gather(*(_rows(visit, one, member_id) for one in SERVICES)), strict=True)
        )
        if sum(map(len, gathered.values())) > visit.console.settings.export_rows_max_count:
            raise NotGatheredError(None)
        await _open_texts(visit, [row for row in gathered["ingest"] if row["table"] == "texts"])
        document = {
            "community": visit.community.id,
            "member_id": member_id,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "services": {service: _tables(rows) for service, rows in gathered.items() if rows},
        }
        page = visit.text("pages/my_data/archive.html", **document, erased=ERASED)
        return await asyncio.to_thread(_written, document, page)


async def _rows(visit: Visit, service: str, member_id: str) -> list[Row]:
    found: list[Row] = []
    after = None
    while True:
        path = f"/v1/members/{member_id}/personal-data"
        answer = await visit.ask.get(service, path, limit=PAGE_COUNT, after=after)
        if answer.is_missing and service != WHO_THERE_IS:
            return found
        if not answer.ok:
            raise NotGatheredError(answer)
        found += answer.items
        after = answer.body["next"]
        if len(found) > visit.console.settings.export_rows_max_count:
            raise NotGatheredError(None)
        if after is None:
            return found


async def _open_texts(visit: Visit, rows: Sequence[Row]) -> None:
    """Put what the member wrote into the rows of their texts, as far as it is still kept."""
    room = asyncio.Semaphore(TEXTS_AT_ONCE)

    async def open_one(row: Row) -> None:
        async with room:
            answer = await visit.ask.get("ingest", f"/v1/texts/{row['row']['event_uid']}")
        if answer.ok:
            kept = {name: answer.body[name] for name in ("fields", "extensions")}
            row["row"] = {**row["row"], **kept}
        elif not answer.is_missing:  # its retention may have ended just now
            raise NotGatheredError(answer)

    await asyncio.gather(*map(open_one, rows))


def _tables(rows: Sequence[Row]) -> list[dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for item in rows:
        table = tables.setdefault(
            item["table"],
            {"table": item["table"], "says": item["says"], "erased": item["erased"], "columns": [], "rows": []},
        )
        table["rows"].append(item["row"])
        table["columns"] += [name for name in item["row"] if name not in table["columns"]]
    return list(tables.values())


def _written(document: Mapping[str, Any], page: str) -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 -- whoever sends it closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", orjson.dumps(document, option=orjson.OPT_INDENT_2))
        archive.writestr("index.html", page)
    file.seek(0)
    return file
