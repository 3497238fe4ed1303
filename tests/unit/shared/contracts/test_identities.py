"""Identities as text, and the hashes that stand for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.identities import NamedIdentity, NotAnIdentityError, identity_hash, read_identity
from shared.contracts.texts import plain_id

IDS = st.text(min_size=1, max_size=60).map(plain_id).filter(lambda text: text and text.isprintable())


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("forum:ada", NamedIdentity("forum", "ada")),
        ("forum:Ada", NamedIdentity("forum", "Ada")),
        ("code:github:1", NamedIdentity("code", "github:1")),
        ("code:github:git.example.org%2F1", NamedIdentity("code", "github:git.example.org/1")),
        ("code@git.example.org:7", NamedIdentity("code", "7", "git.example.org")),
        ("code@GIT.example.org%3A8443:7", NamedIdentity("code", "7", "git.example.org:8443")),
        ("support:Ada@Example.org", NamedIdentity("support", "ada@example.org")),
        ("forum: z\u200bo\u0065\u0308 ", NamedIdentity("forum", "zoë")),
        ("forum:100%25", NamedIdentity("forum", "100%")),
    ],
)
def test_what_is_written_is_read_as_the_channel_compares_it(text: str, identity: NamedIdentity) -> None:
    assert read_identity(text) == identity
    assert read_identity(str(identity)) == identity


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ada", "channel:id"),
        ("", "channel:id"),
        (":ada", "begins with a channel"),
        ("Forum:ada", "begins with a channel"),
        ("forum:", "no id"),
        ("forum:%20", "no id"),
        ("forum:a%00", "no id"),
        ("forum:100%", "write %25"),
        ("forum@:ada", "no host"),
        ("forum@-x:ada", "no host"),
        ("forum@a b:ada", "no host"),
    ],
)
def test_what_is_no_identity_is_said(text: str, fault: str) -> None:
    with pytest.raises(NotAnIdentityError, match=fault):
        read_identity(text)


@given(
    st.sampled_from(["forum", "chat", "in_person"]),
    IDS,
    st.sampled_from(["", "a.example.org", "a.example.org:81"]),
)
def test_every_identity_can_be_written(channel: str, person_id: str, host: str) -> None:
    identity = NamedIdentity(channel, person_id, host)
    text = str(identity)
    # It stands in a path as it is.
    assert not set(text) & set("/?#")
    assert read_identity(text).id.lower() == identity.id.lower()
    assert (read_identity(text).channel, read_identity(text).host) == (channel, host)


def test_a_hash_stands_for_one_identity_of_one_community_under_one_key() -> None:
    key, ada = b"k" * 32, NamedIdentity("forum", "ada")
    others = {
        identity_hash(key, "acme", ada),
        identity_hash(key, "beta", ada),
        identity_hash(b"l" * 32, "acme", ada),
        identity_hash(key, "acme", ada._replace(host="a.example.org")),
        identity_hash(key, "acme", ada._replace(channel="chat")),
        identity_hash(key, "acme", NamedIdentity("forum", "bob")),
    }
    assert len(others) == 6
    assert identity_hash(key, "acme", NamedIdentity("forum", "ada")) == identity_hash(key, "acme", ada)
