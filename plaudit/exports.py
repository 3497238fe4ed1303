"""All that all services hold of a member, as one archive: JSON for a program, a page for a person."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from plaudit.calls import Refused, every_item, request
from plaudit.places import Place
from shared.services import SERVICES

#: By service: what its tables hold, row by row.
Gathered = Mapping[str, Sequence[Mapping[str, Any]]]

_PAGE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
    """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>What is held of {{ member_id }}</title>
<style>body{font:16px/1.4 system-ui;margin:2rem;max-width:80rem}table{border-collapse:collapse;margin:0 0 1rem}
td,th{border:1px solid #999;padding:.2rem .5rem;text-align:left;vertical-align:top}th{background:#eee}</style>
<h1>What is held of {{ member_id }}</h1>
<p>In {{ community }}, as of {{ at }}. The same is in data.json, for a program.</p>
{% for service, tables in services.items() %}<h2>{{ service }}</h2>
{% for table in tables %}<h3>{{ table.says }}</h3>
<p>{{ table.rows|length }} of {{ table.table }}; an erasure: {{ table.erased }}.</p>
<table><tr>{% for name in table.columns %}<th scope="col">{{ name }}</th>{% endfor %}</tr>
{% for row in table.rows %}<tr>{% for name in table.columns %}<td>{{ row.get(name, "") }}</td>{% endfor %}</tr>
{% endfor %}</table>
{% endfor %}{% else %}<p>Nothing.</p>{% endfor %}
</html>
"""
)


def gather(place: Place, key: str, member_id: str) -> Gathered:
    """Ask every service for what it holds; texts are opened."""
    found: dict[str, Sequence[Mapping[str, Any]]] = {}
    for service in SERVICES:
        url = place.url(service)
        items = every_item(f"{url}/v1/members/{member_id}/personal-data", key)
        found[service] = [_opened(url, key, item) if item["table"] == "texts" else item for item in items]
    return found


def _opened(url: str, key: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        text = request("GET", f"{url}/v1/texts/{item['row']['event_uid']}", key)
    except Refused:  # its retention ended just now, or the key that sealed it is gone
        return item
    return {**item, "row": {**item["row"], "fields": text["fields"]}}


def write_archive(path: Path, gathered: Gathered, *, community: str, member_id: str, at: str) -> int:
    """Write the archive; return how many rows are in it."""
    services = {service: _tables(items) for service, items in gathered.items() if items}
    document = {"community": community, "member_id": member_id, "at": at, "services": services}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(document, indent=1, ensure_ascii=False))
        archive.writestr("index.html", _PAGE.render(document))
    return sum(len(items) for items in gathered.values())


def _tables(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for item in items:
        table = tables.setdefault(
            item["table"],
            {"table": item["table"], "says": item["says"], "erased": item["erased"], "columns": [], "rows": []},
        )
        table["rows"].append(item["row"])
        table["columns"] += [name for name in item["row"] if name not in table["columns"]]
    return list(tables.values())
