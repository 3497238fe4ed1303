"""One look at a page of members is one row of the audit log, and not one of each of them."""

from typing import Any

from console.pages.audit.routes import folded


def entry(number: int, **other: Any) -> dict[str, Any]:
    said = {"kind": "read", "person_id": "p1", "credential": "c1", "service": "ingest", "command": "POST /search"}
    return said | {"at": "2026-11-26T23:21:43.1Z", "object": {"kind": "member", "id": str(number)}} | other


def test_reads_of_one_look_are_one_row_and_commands_never() -> None:
    command = {"kind": "command", "command": "member.merge"}
    entries = [
        entry(1, **command),
        entry(2, **command),
        entry(3),
        entry(4, at="2026-11-26T23:21:43.9Z"),
        entry(5, at="2026-11-26T23:21:44.0Z"),
        entry(6, person_id="p2"),
        entry(7, person_id="p2", credential="c2"),
        entry(8),
    ]
    rows = [(one["object"]["id"], count) for one, count in folded(entries, is_folding=True)]

    assert rows == [("1", 0), ("2", 0), ("3", 1), ("5", 0), ("6", 0), ("7", 0), ("8", 0)]
    assert [count for _, count in folded(entries, is_folding=False)] == [0] * 8
