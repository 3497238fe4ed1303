from dataclasses import replace
from datetime import UTC, datetime, timedelta

from console.sign_in.domain import Session, form_token, is_form_token, new_secret, seal, secret_sha256, unseal

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def a_session() -> Session:
    return Session(
        secret=new_secret(),
        community="acme",
        person_id="7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11",
        member_id=None,
        name="Grace Hopper",
        roles=("manager",),
        scopes=("analytics:read",),
        token="a.b.c",
        token_expires_at=NOW + timedelta(minutes=10),
        renewal="psr_x",
        ends_at=NOW + timedelta(hours=12),
    )


def test_a_session_is_opened_by_its_secret_alone_and_as_it_was() -> None:
    session = a_session()
    sealed = session.sealed()

    assert Session.opened(session.secret, sealed) == session
    assert Session.opened(new_secret(), sealed) is None
    assert Session.opened(session.secret, sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert Session.opened(session.secret, b"") is None


def test_what_is_stored_shows_nothing_of_what_it_holds() -> None:
    session = a_session()
    stored = session.sealed() + secret_sha256(session.secret).encode()

    held = (session.secret, session.token, session.renewal, session.name, session.person_id)
    assert [one for one in held if one.encode() in stored] == []
    assert all(one not in repr(session) for one in (session.secret, session.token, session.renewal))


def test_the_same_sealed_twice_differs() -> None:
    secret = new_secret()
    assert seal(secret, {"a": 1}) != seal(secret, {"a": 1})
    assert unseal(secret, seal(secret, {"a": 1})) == {"a": 1}


def test_a_form_is_of_one_secret() -> None:
    secret = new_secret()
    assert is_form_token(secret, form_token(secret))
    assert not is_form_token(new_secret(), form_token(secret))
    assert not is_form_token(secret, "")
    assert secret not in form_token(secret)


def test_a_token_is_renewed_a_minute_before_its_end() -> None:
    session = a_session()
    assert not session.needs_token(NOW)
    assert session.needs_token(NOW + timedelta(minutes=9))
    assert replace(session, token_expires_at=NOW).needs_token(NOW)
