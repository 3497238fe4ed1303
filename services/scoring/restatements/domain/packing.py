"""Parts and pieces as bytes: they are kept until a restatement is posted, and how awards were until it is over."""

import zlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from services.scoring.backtests.domain.packing import claim_of, claim_row
from services.scoring.limits.domain.claims import Ceiling, Claim
from services.scoring.restatements.domain.restating import Part, TimedUid

_LEVEL = 1


def pack(part: Part) -> bytes:
    """The bytes of a part; also of a piece of the log, of which nothing is known to be gone."""
    written = {
        "claims": [[*claim_row(claim), claim.ceiling, claim.ceiling_by] for claim in part.claims],
        "gone": part.gone,
        "events": [[uid, time.isoformat()] for uid, time in part.events],
        "contents": part.contents,
    }
    return zlib.compress(orjson.dumps(written, default=_plain), _LEVEL)


def unpack(packed: bytes) -> Part:
    """The part that was packed."""
    written = orjson.loads(zlib.decompress(packed))
    return Part(
        [_claim(row) for row in written["claims"]],
        written["gone"],
        _timed_uids(written["events"]),
        # Of what was packed before they were kept nothing is known.
        written.get("contents", {}),
    )


def _timed_uids(rows: Iterable[list[str]]) -> list[TimedUid]:
    return [(uid, datetime.fromisoformat(time)) for uid, time in rows]


def _claim(row: list[Any]) -> Claim:
    *of_claim, ceiling, ceiling_by = row
    claim = claim_of(of_claim)
    claim.ceiling, claim.ceiling_by = ceiling, None if ceiling_by is None else Ceiling(ceiling_by)
    return claim


def _plain(value: Any) -> Any:
    """A NamedTuple is a list."""
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(type(value).__name__)
