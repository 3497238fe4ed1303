"""A word shows that an event is a member's: of no other event, member, slot or community."""

from uuid import uuid4

import pytest

from shared.own_events import WORD_MAX_CHARS, OwnEvent, read_word, word_of

KEY = bytes(range(32))
EVENT, ADA, KOFI = (str(uuid4()) for _ in range(3))


def word(**other: object) -> str:
    said = {"community": "acme", "member_id": ADA, "event_uid": EVENT, "slots": ["actor", "reply_author"]} | other
    return word_of(KEY, **said)  # type: ignore[arg-type]


def test_a_word_is_read_as_it_was_made() -> None:
    found = read_word(KEY, word(), community="acme", member_id=ADA)
    assert found == OwnEvent(EVENT, frozenset({"actor", "reply_author"}))
    assert len(word()) <= WORD_MAX_CHARS


@pytest.mark.parametrize(
    "other",
    [
        word(member_id=KOFI),
        word(community="beta"),
        word().replace(".ar.", ".aro."),
        word().replace(EVENT, "0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f41"),
        word().replace(EVENT, EVENT.upper()),
        word()[:-1],
        EVENT,
        f"{EVENT}.é.é",
        "",
    ],
    ids=["member", "community", "slots", "event", "spelling", "short", "uid", "letters", "nothing"],
)
def test_another_word_shows_nothing(other: str) -> None:
    assert read_word(KEY, other, community="acme", member_id=ADA) is None


def test_another_key_shows_nothing() -> None:
    assert read_word(KEY[::-1], word(), community="acme", member_id=ADA) is None
