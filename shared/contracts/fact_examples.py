"""At least one example of every fact: for AsyncAPI, and as tests of the contracts.

They continue the story of the events' examples. Ids are those that the services derive.
"""

from typing import Any, Final

from shared.contracts.examples import ACCEPTED_ANSWER, FORUM

ADA: Final = "82b61666-b7e6-5f62-b31f-fa66f08cfb53"
GRACE: Final = "4c39c896-6567-5f3d-b613-7279cc0159c6"
ACCEPTANCE: Final = "92c6a35f-6a65-5dca-ad51-e3e58b2562ff"
AWARD: Final = "019c1408-1540-892c-aa35-229b59fc0aa3"
REVERSAL: Final = "019c1408-1540-892c-aa35-14d4d576bb40"
BADGE: Final = "9d07b65d-2b31-5c86-9285-a0f42354db3a"
REDEMPTION: Final = "caf3cc87-9993-5c9c-b320-b8c5e5b732c4"
PAYOUT_RUN: Final = "c7c688f6-5bea-5520-816f-6aa2dec34849"
PAYOUT: Final = "ca04d540-7a1c-50b3-98f7-fc1eeae59c56"
RECEIPT: Final = "r019c14a6f2a8a4d5b6c7d8e9f001-1"
TRACEPARENT: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def _fact(kind: str, service: str, fact_id: str, time: str, data: Any, **extensions: Any) -> Any:
    return {
        "specversion": "1.0",
        "id": fact_id,
        "source": f"/plaudit/{service}",
        "type": kind,
        "time": time,
        "community": "acme",
        **extensions,
        "data": data,
    }


_AWARD_DATA = {
    "award_id": AWARD,
    "member_id": GRACE,
    "points": 15,
    "rule_id": "answer-accepted",
    "slot": "object_author",
    "programme_id": "starter",
    "programme_version": 3,
    "event_uid": ACCEPTANCE,
    "event_type": "forum.answer_accepted.v1",
    "event_time": "2026-01-31T12:30:00Z",
    "received_at": "2026-01-31T12:30:01.250000Z",
}
_PAYOUT_DATA = {
    "payout_id": PAYOUT,
    "run_id": PAYOUT_RUN,
    "member_id": GRACE,
    "points": 1500,
    "amount_minor": 1500,
    "currency": "EUR",
    "end_to_end_id": PAYOUT.replace("-", ""),
}
_DOCUMENT = {
    "programme": "starter",
    "title": "Starter",
    "rules": [
        {
            "id": "answer-accepted",
            "title": "Had an answer accepted",
            "on": ["forum.answer_accepted.v1"],
            "to": "object_author",
            "points": 15,
        }
    ],
}

#: Examples of what the services tell one another, by fact type.
FACT_EXAMPLES: Final[dict[str, list[Any]]] = {
    "engagement.received.v1": [
        _fact(
            "engagement.received.v1",
            "ingest",
            ACCEPTANCE,
            "2026-01-31T12:30:01.250000Z",
            ACCEPTED_ANSWER,
            traceparent=TRACEPARENT,
            receiptid=RECEIPT,
            receiptindex=0,
        )
    ],
    "engagement.accepted.v1": [
        {
            **ACCEPTED_ANSWER,
            "community": "acme",
            "uid": ACCEPTANCE,
            "member": ADA,
            "objectmember": GRACE,
            "receivedat": "2026-01-31T12:30:01.250000Z",
            "traceparent": TRACEPARENT,
        }
    ],
    "engagement.rejected.v1": [
        _fact(
            "engagement.rejected.v1",
            "ingest",
            "r019c14a7b3c0aabbccddeeff0011-1/0",
            "2026-01-31T12:31:00Z",
            {
                "receipt_id": "r019c14a7b3c0aabbccddeeff0011-1",
                "receipt_index": 0,
                "event_source": FORUM,
                "event_id": "solution-93",
                "outcome": "conflict",
                "reason": "an event with this source and id was accepted before with other content",
            },
        )
    ],
    "member.identified.v1": [
        _fact(
            "member.identified.v1",
            "ingest",
            f"{GRACE}/2",
            "2026-01-31T13:06:01Z",
            {
                "member_id": GRACE,
                "name": "Grace",
                "identities": [{"channel": "chat", "id": "U2"}, {"channel": "forum", "id": "grace"}],
                "channel": "forum",
                "first_seen_at": "2026-01-31T12:10:00.500000Z",
                "revision": 2,
            },
        )
    ],
    "points.awarded.v1": [
        _fact(
            "points.awarded.v1",
            "scoring",
            AWARD,
            "2026-01-31T12:30:01.400000Z",
            _AWARD_DATA,
            traceparent=TRACEPARENT,
        ),
        _fact(
            "points.awarded.v1",
            "scoring",
            REVERSAL,
            "2026-02-01T08:00:01Z",
            {**_AWARD_DATA, "award_id": REVERSAL, "points": -15, "reverses": AWARD},
        ),
    ],
    "recognition.granted.v1": [
        _fact(
            "recognition.granted.v1",
            "recognition",
            BADGE,
            "2026-01-31T12:30:01.500000Z",
            {
                "grant_id": BADGE,
                "member_id": GRACE,
                "kind": "badge",
                "name": "solver",
                "title": "Ten accepted answers",
                "award_id": AWARD,
                "event_time": "2026-01-31T12:30:00Z",
            },
            traceparent=TRACEPARENT,
        )
    ],
    "redemption.changed.v1": [
        _fact(
            "redemption.changed.v1",
            "rewards",
            "d149e9ef-c32e-5470-ae13-b35629837e7c",
            "2026-02-02T10:00:00Z",
            {
                "redemption_id": REDEMPTION,
                "member_id": GRACE,
                "reward_id": "stickers",
                "points": 50,
                "state": "reserved",
            },
        )
    ],
    "payout.changed.v1": [
        _fact(
            "payout.changed.v1",
            "rewards",
            "7bb4c6eb-bed7-5453-b2af-35060fd0acbc",
            "2026-02-05T06:00:00Z",
            {**_PAYOUT_DATA, "state": "settled", "by": "bank statement importer"},
        ),
        _fact(
            "payout.changed.v1",
            "rewards",
            "904bd4e5-9943-50a5-8d87-8dfa5b06f5c9",
            "2026-02-05T06:00:00Z",
            {
                **_PAYOUT_DATA,
                "state": "returned",
                "by": "bank statement importer",
                "reason": "AC04 account closed",
            },
        ),
    ],
    "payout.lots.v1": [
        _fact(
            "payout.lots.v1",
            "rewards",
            "1cd03c4b-2519-5b8f-a7cc-cb22e9e51b14",
            "2026-02-03T09:00:00Z",
            {"payout_id": PAYOUT, "part": 0, "parts": 1, "lots": [{"award_id": AWARD, "points": 15}]},
        )
    ],
    "programme.published.v1": [
        _fact(
            "programme.published.v1",
            "scoring",
            "acme/starter/3",
            "2026-01-30T08:00:00Z",
            {
                "programme_id": "starter",
                "version": 3,
                "effective_from": "2026-01-30T08:00:05Z",
                "published_by": "community team",
                "document": _DOCUMENT,
                "document_sha256": "6f6d3f4f0c1f5d1fd7a3c1f6c7a3e0d7a3b9c2d1e0f9a8b7c6d5e4f3a2b1c0d9",
            },
        )
    ],
    "access_key.changed.v1": [
        _fact(
            "access_key.changed.v1",
            "ingest",
            "acme/5f0c9a7b2d1e/issued",
            "2026-01-29T08:00:00Z",
            {
                "key_id": "5f0c9a7b2d1e",
                "name": "forum plugin",
                "secret_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "scopes": ["events:write", "receipts:read"],
                "revoked": False,
            },
        )
    ],
    "record.dead_lettered.v1": [
        _fact(
            "record.dead_lettered.v1",
            "scoring",
            "e80e29b4-6760-581a-b853-4e98e724499b",
            "2026-01-31T12:30:02Z",
            {
                "service": "scoring",
                "topic": "engagement.events.v1",
                "partition": 2,
                "offset": 40113,
                "key_base64": "YWNtZXxhZGE=",
                "value_base64": "eyJub3QiOiAiYW4gZXZlbnQifQ==",
                "value_truncated": False,
                "reason": "specversion: Field required",
            },
        )
    ],
}
