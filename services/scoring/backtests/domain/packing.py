"""Pieces of a backtest as bytes: what was found so far is kept, so that a killed process does not begin anew."""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson

from services.scoring.backtests.domain.replaying import Found, Plain, Said
from services.scoring.limits.domain.claims import Claim, Pace, State, Terms, Word

#: The quickest: pieces are kept for as long as a backtest runs.
_LEVEL = 1


@dataclass(slots=True)
class Piece:
    """What the sides have for a piece of the log, in their order, and what was said in it of events.

    `uids` are the events that it counted, so that one which the log has twice counts once.
    """

    sides: list[Found]
    words: dict[str, Said] = field(default_factory=dict)
    uids: list[str] = field(default_factory=list)


def pack(piece: Piece) -> bytes:
    """The bytes of a piece."""
    written = {
        "sides": [
            {
                "claims": [claim_row(claim) for claim in found.claims],
                "plains": found.plains,
                "declined": [[*key, count] for key, count in sorted(found.declined.items())],
                "without": found.without_version,
            }
            for found in piece.sides
        ],
        "words": [[uid, said.word, said.received_at] for uid, said in piece.words.items()],
        "uids": piece.uids,
    }
    return zlib.compress(orjson.dumps(written, default=_plain), _LEVEL)


def unpack(packed: bytes) -> Piece:
    """The piece that was packed."""
    written = orjson.loads(zlib.decompress(packed))
    return Piece(
        [_found(side) for side in written["sides"]],
        {
            uid: Said(Word(datetime.fromisoformat(at), *rest), datetime.fromisoformat(received_at))
            for uid, (at, *rest), received_at in written["words"]
        },
        written["uids"],
    )


def _plain(value: Any) -> Any:
    """A NamedTuple is a list."""
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(type(value).__name__)


def claim_row(claim: Claim) -> list[Any]:
    """What a claim is, without what it has of its windows and what was told of it."""
    return [
        claim.community, claim.award_id, claim.member_id, claim.limited_id, claim.event_uid, claim.event_id,
        claim.event_type, claim.event_time, claim.received_at, claim.day, claim.week, claim.rule_id, claim.slot,
        claim.programme_id, claim.programme_version, claim.weight, claim.is_actors, claim.grace_seconds,
        claim.is_heaviest_first, [name.hex() for name in claim.windows], claim.bounds, claim.state,
        claim.grace_count, claim.is_shared, claim.pace, claim.terms, claim.campaign, claim.void,
    ]  # fmt: skip


def claim_of(row: Sequence[Any]) -> Claim:
    """The claim that a row was made of."""
    grace_count, is_shared, pace, terms, campaign, void = row[22:]
    values: list[Any] = list(row[:22])
    values[7:11] = [
        datetime.fromisoformat(row[7]),
        datetime.fromisoformat(row[8]),
        _date(row[9]),
        _date(row[10]),
    ]
    values[19:22] = [tuple(map(bytes.fromhex, row[19])), tuple(row[20]), State(row[21])]
    claim = Claim(*values)
    claim.grace_count, claim.is_shared, claim.campaign, claim.void = grace_count, is_shared, campaign, void
    claim.pace = _pace(pace)
    claim.terms = Terms(terms[0], _moment(terms[1]), _moment(terms[2]))
    return claim


def _found(side: Mapping[str, Any]) -> Found:
    return Found(
        [claim_of(row) for row in side["claims"]],
        [
            Plain._make((*row[:6], datetime.fromisoformat(row[6]), date.fromisoformat(row[7]), _moment(row[8])))
            for row in side["plains"]
        ],
        Counter({(rule, reason): count for rule, reason, count in side["declined"]}),
        side["without"],
    )


def _pace(row: Sequence[Any] | None) -> Pace | None:
    if row is None:
        return None
    cooldown_seconds, shares, floor, takes = row
    return Pace(cooldown_seconds, None if shares is None else tuple(shares), floor, takes)


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
