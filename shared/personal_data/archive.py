"""All that services hold of a member, as one archive: JSON for a program, a page for a person."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2

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


def archive(
    gathered: Mapping[str, Sequence[Mapping[str, Any]]], *, community: str, member_id: str, at: str
) -> bytes:
    """The archive, a ZIP file, of what was gathered: by service the rows of its tables."""
    services = {service: _tables(items) for service, items in gathered.items() if items}
    document = {"community": community, "member_id": member_id, "at": at, "services": services}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data.json", json.dumps(document, indent=1, ensure_ascii=False))
        file.writestr("index.html", _PAGE.render(document))
    return written.getvalue()


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
