"""What is delivered of what is told, how it is signed and sealed, and when it is tried again."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from shared import topics
from shared.contracts.facts import FACTS
from shared.webhooks.domain import (
    NotOpenedError,
    Secret,
    Target,
    message_id,
    next_try,
    rest_seconds,
)
from shared.webhooks.noting import deliveries_of
from shared.webhooks.offered import OFFERED, TELLERS
from shared.webhooks.sealing import Sealer, new_secret, signed

NOW = datetime.now(UTC)


def message(
    kind: str = "points.awarded.v1", topic: str = "points.awarded.v1", **more: Any
) -> tuple[str, bytes, bytes]:
    fact = {"id": "1", "source": "/plaudit/scoring", "type": kind, "community": "acme", "data": {}} | more
    return topic, f"{fact['community']}|x".encode(), orjson.dumps(fact)


def test_each_endpoint_gets_the_facts_it_wants_and_no_others() -> None:
    wanted = {"acme": {"points.awarded.v1": ["a", "b"]}, "other": {"points.awarded.v1": ["c"]}}
    found = deliveries_of(
        [
            message(),
            message("audience.entered.v1", "audiences.v1"),
            message(community="nobody"),
            message(backfill=True),  # of the past: nobody is told
            ("points.awarded.v1", b"acme|x", b"\xff no fact"),
            ("audit.v1", b"acme|x", orjson.dumps({"type": "points.awarded.v1"})),
        ],
        wanted,
    )
    assert [(one.community, one.endpoint_id, one.fact_type) for one in found] == [
        ("acme", "a", "points.awarded.v1"),
        ("acme", "b", "points.awarded.v1"),
    ]
    assert len({one.message_id for one in found}) == 1
    assert found[0].body == message()[2]


def test_accepted_events_are_called_by_their_contract_whatever_their_type() -> None:
    wanted = {"acme": {"engagement.accepted.v1": ["a"]}}
    (found,) = deliveries_of([message("forum.post.v1", "engagement.events.v1")], wanted)
    assert found.fact_type == "engagement.accepted.v1"


def test_only_what_others_may_know_is_offered() -> None:
    never = {"member.identified.v1", "person.changed.v1", "access_key.changed.v1", "command.done.v1"}
    assert not never & OFFERED.keys()
    assert {kind for kind in OFFERED if kind != "engagement.accepted.v1"} <= {fact.name for fact in FACTS}
    assert all(kind in one.topic.facts for kind, one in OFFERED.items())
    assert set(TELLERS) <= set(topics.WEBHOOK_TROUBLE.producers)


def test_ids_are_the_same_for_the_same_fact_and_for_no_other() -> None:
    one = {"community": "acme", "source": "/plaudit/scoring", "kind": "a", "fact_id": "1"}
    assert message_id(**one) == message_id(**one)
    assert len({message_id(**one | {name: "other"}) for name in one} | {message_id(**one)}) == 5


def test_receivers_verify_what_is_signed_by_each_secret_in_force() -> None:
    old, new, ended = new_secret(), new_secret(), new_secret()
    now = datetime.now(UTC)  # receivers refuse what is older than five minutes
    target = Target(
        "https://example.org",
        (Secret(new, None), Secret(old, now + timedelta(hours=1)), Secret(ended, now - timedelta(seconds=1))),
    )
    body = b'{"id": "1"}'
    headers = dict(signed("msg", body, by=target.signing(now), at=now).headers)
    assert Webhook(new).verify(body, headers) == Webhook(old).verify(body, headers) == {"id": "1"}
    for secret, content in ((ended, body), (new, body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(content, headers)


def test_addresses_and_secrets_open_for_their_endpoint_alone_and_with_any_known_key() -> None:
    first, second = secrets.token_bytes(32), secrets.token_bytes(32)
    target = Target("https://example.org/x", (Secret(new_secret(), None), Secret(new_secret(), NOW)))
    sealed = Sealer([first]).seal(target, community="acme", endpoint_id="1")
    assert b"example" not in sealed.content
    assert Sealer([second, first]).open(sealed, community="acme", endpoint_id="1") == target
    for keys, community, content in (
        ([second], "acme", sealed),
        ([first], "other", sealed),
        ([first], "acme", sealed._replace(content=sealed.content[:-1] + b"x")),
    ):
        with pytest.raises(NotOpenedError):
            Sealer(keys).open(content, community=community, endpoint_id="1")
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32


@given(st.floats(0, 1, exclude_max=True))
def test_it_is_tried_for_a_day_with_growing_pauses_and_then_no_more(chance: float) -> None:
    at, tries, times = NOW, 1, [NOW]
    while (due := next_try(at, tries=tries, chance=chance, retry_after_seconds=None)) is not None:
        at, tries = due, tries + 1
        times.append(at)
    assert timedelta(hours=19) < at - NOW < timedelta(hours=36)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == sorted(pauses)
    assert tries == 8


def test_what_an_endpoint_asks_for_is_heeded_within_bounds() -> None:
    asked = {
        seconds: next_try(NOW, tries=1, chance=0.5, retry_after_seconds=seconds) for seconds in (0.0, 60.0, 1e9)
    }
    assert [(due or NOW) - NOW for due in asked.values()] == [timedelta(seconds=one) for one in (5, 60, 3_600)]
    assert [round(rest_seconds(failures, 0.5)) for failures in (1, 2, 3, 50)] == [1, 2, 4, 60]
