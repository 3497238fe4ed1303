import stat
from urllib.parse import urlsplit

import pytest

from plaudit.stack.errors import StackError
from plaudit.stack.paths import stack_directory
from plaudit.stack.ports import USUAL
from plaudit.stack.state import SANDBOX, StackState, load_state
from shared.broker import Broker
from shared.services import CONSOLE, GATEWAY, SERVICES


def a_state(name="trial", **changes):
    return StackState(name=name, directory=stack_directory(name), ports=USUAL, **changes)


def test_what_is_saved_is_loaded_and_only_its_owner_can_read_it(home):
    state = a_state()
    state.save()
    assert load_state("trial") == state
    assert stat.S_IMODE((home / "stacks" / "trial" / "state.json").stat().st_mode) == 0o600


def test_every_stack_has_its_own_secrets(home):
    secrets = {
        secret
        for state in (a_state("one"), a_state("two"))
        for secret in (state.admin_key, *state.postgres_passwords.values(), state.postgres_superuser_password)
    }
    assert len(secrets) == 2 * (1 + len(SERVICES) + 1)


def test_a_stack_that_was_never_started_says_how_to_start_it(home):
    with pytest.raises(StackError, match="plaudit up --stack trial"):
        load_state("trial")


def test_a_damaged_state_is_named(home):
    a_state().save()
    (home / "stacks" / "trial" / "state.json").write_text('{"name": ')
    with pytest.raises(StackError, match=r"state\.json is damaged"):
        load_state("trial")


@pytest.mark.parametrize("name", ["", "..", "a/b", "With Space", "x" * 41])
def test_a_name_that_is_no_plain_directory_is_refused(home, name):
    with pytest.raises(StackError, match="cannot be the name"):
        stack_directory(name)


def test_external_kafka_and_postgres_replace_the_embedded_ones(home):
    url = "postgresql://admin:secret@db.example:6432/postgres"
    state = a_state(external_kafka=Broker("broker.example:9092"), external_postgres_admin_url=url)
    assert state.kafka == "broker.example:9092"
    assert state.postgres_admin_url == url
    assert state.postgres_url == "postgresql://db.example:6432"
    assert state.parts == (*SERVICES, CONSOLE, GATEWAY, SANDBOX)


def test_only_limits_the_parts_and_keeps_their_order(home):
    assert a_state(only=("postgres", "kafka")).parts == ("kafka", "postgres")


def test_a_password_with_reserved_characters_survives_the_url(home):
    url = a_state(postgres_superuser_password="a/b@c:d").postgres_admin_url
    assert urlsplit(url).hostname == "127.0.0.1"
    assert urlsplit(url).port == USUAL["postgres"]
