"""Which servers a command means, and which key it shows them."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from plaudit.cli import main
from plaudit.places import ADMIN_KEY, COMMUNITY, KAFKA, KEY, URL, Place, Where, where_options
from plaudit.profiles import Profile, save_profiles
from plaudit.stack.paths import stack_directory
from plaudit.stack.ports import USUAL
from plaudit.stack.state import StackState
from shared.broker import Broker

LIVE = Profile(
    url="https://{service}.live",
    community="acme",
    key="live key",
    admin_key="live admin",
    kafka="kafka.live:9092",
    kafka_user="live user",
    kafka_password="live password",
    kafka_tls=True,
)
ENVIRONMENT = {"PLAUDIT_KAFKA_USER": "e", "PLAUDIT_KAFKA_PASSWORD": "of e", "PLAUDIT_KAFKA_MECHANISM": "PLAIN"}


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stacks and a profile."""
    monkeypatch.setenv("PLAUDIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PLAUDIT_PROFILES", str(tmp_path / "profiles.toml"))
    save_profiles({"live": LIVE})
    for name in ("default", "mine"):
        StackState(
            name=name,
            directory=stack_directory(name),
            ports=USUAL,
            admin_key=f"{name} admin",
            kafka_admin_password=f"{name} password",
        ).save()


def asked(arguments: str, **environment: str) -> tuple[Result, list[Where]]:
    found: list[Where] = []

    @click.command()
    @where_options(URL, KEY, ADMIN_KEY, *KAFKA, COMMUNITY)
    def command(where: Where) -> None:
        found.append(where)
        where.place()

    return CliRunner().invoke(command, arguments.split(), env=environment), found


def place(arguments: str = "", **environment: str) -> Place:
    result, found = asked(arguments, **environment)
    assert result.exit_code == 0, result.output
    return found[0].place()


def test_nothing_said_is_the_local_stack() -> None:
    found = place()
    assert found.url("scoring") == "http://127.0.0.1:8102"
    assert (found.key, found.admin_key, found.community) == (None, "default admin", "demo")


@pytest.mark.parametrize(
    ("arguments", "environment", "where", "key", "admin_key"),
    [
        ("--url https://a --key k", {}, "https://a", "k", None),
        ("--url https://a", {"PLAUDIT_KEY": "e"}, "https://a", "e", None),
        ("--url https://a --key k", {"PLAUDIT_KEY": "e", "PLAUDIT_URL": "https://b"}, "https://a", "k", None),
        ("", {"PLAUDIT_URL": "https://b", "PLAUDIT_KEY": "e", "PLAUDIT_ADMIN_KEY": "x"}, "https://b", "e", "x"),
        ("--profile live", {}, "https://scoring.live", "live key", "live admin"),
        ("--profile live --key k", {}, "https://scoring.live", "k", "live admin"),
        # What stands on the command line goes before the environment, with the keys that are kept for it.
        (
            "--profile live",
            {"PLAUDIT_URL": "https://b", "PLAUDIT_KEY": "e", "PLAUDIT_ADMIN_KEY": "x", "PLAUDIT_STACK": "mine"},
            "https://scoring.live",
            "live key",
            "live admin",
        ),
        ("", {"PLAUDIT_PROFILE": "live"}, "https://scoring.live", "live key", "live admin"),
        ("", {"PLAUDIT_PROFILE": "live", "PLAUDIT_KEY": "e"}, "https://scoring.live", "e", "live admin"),
        (
            "",
            {"PLAUDIT_PROFILE": "live", "PLAUDIT_STACK": "mine"},
            "https://scoring.live",
            "live key",
            "live admin",
        ),
        # A key that is kept for a place goes to no other.
        ("--url https://a", {"PLAUDIT_PROFILE": "live"}, "https://a", None, None),
        ("--url https://a", {"PLAUDIT_STACK": "mine"}, "https://a", None, None),
        ("--stack mine", {"PLAUDIT_PROFILE": "live"}, "http://127.0.0.1:8102", None, "mine admin"),
        (
            "--stack mine",
            {"PLAUDIT_KEY": "e", "PLAUDIT_ADMIN_KEY": "x"},
            "http://127.0.0.1:8102",
            None,
            "mine admin",
        ),
        ("", {"PLAUDIT_STACK": "mine", "PLAUDIT_ADMIN_KEY": "x"}, "http://127.0.0.1:8102", None, "mine admin"),
        ("", {"PLAUDIT_KEY": "e"}, "http://127.0.0.1:8102", "e", "default admin"),
    ],
)
def test_options_go_before_the_environment_and_both_before_what_is_kept(
    arguments: str, environment: dict[str, str], where: str, key: str | None, admin_key: str | None
) -> None:
    found = place(arguments, **environment)
    assert (found.url("scoring"), found.key, found.admin_key) == (where, key, admin_key)


@pytest.mark.parametrize(
    ("arguments", "environment", "community"),
    [
        ("--profile live", {}, "acme"),
        ("--profile live --community other", {}, "other"),
        ("--url https://a", {"PLAUDIT_COMMUNITY": "env"}, "env"),
        ("--stack mine", {"PLAUDIT_COMMUNITY": "env"}, "env"),
        ("--stack mine", {}, "demo"),
        ("--url https://a", {}, None),
    ],
)
def test_the_community_elsewhere_is_never_guessed(
    arguments: str, environment: dict[str, str], community: str | None
) -> None:
    assert place(arguments, **environment).community == community


@pytest.mark.parametrize(
    ("arguments", "environment", "servers"),
    [
        ("--kafka k:1", {}, "k:1"),
        ("--kafka k:1 --profile live", {}, "k:1"),
        ("--profile live", {"PLAUDIT_KAFKA": "e:1"}, "kafka.live:9092"),
        ("", {"PLAUDIT_KAFKA": "e:1"}, "e:1"),
        ("", {}, "127.0.0.1:9092"),
        ("--stack mine", {"PLAUDIT_KAFKA": "e:1"}, "127.0.0.1:9092"),
    ],
)
def test_kafka_is_found_the_same_way(arguments: str, environment: dict[str, str], servers: str) -> None:
    _, (where,) = asked(arguments, **environment)
    assert where.broker().servers == servers


@pytest.mark.parametrize(
    ("arguments", "environment", "login"),
    [
        ("--kafka k:1", {}, Broker("k:1")),
        ("--kafka k:1", ENVIRONMENT, Broker("k:1", "e", "of e", "PLAIN")),
        ("--kafka k:1 --kafka-user u --kafka-tls", ENVIRONMENT, Broker("k:1", "u", "of e", "PLAIN", True)),
        # A login that is kept for a place goes to no other, and what is kept for it goes before the environment.
        ("--kafka k:1 --profile live", {}, Broker("k:1")),
        ("--profile live", ENVIRONMENT, Broker("kafka.live:9092", "live user", "live password", tls=True)),
        (
            "--profile live --kafka-user u --kafka-password p",
            {},
            Broker("kafka.live:9092", "u", "p", tls=True),
        ),
        ("", {"PLAUDIT_PROFILE": "live"}, Broker("kafka.live:9092", "live user", "live password", tls=True)),
        (
            "",
            {"PLAUDIT_PROFILE": "live"} | ENVIRONMENT,
            Broker("kafka.live:9092", "e", "of e", "PLAIN", True),
        ),
        ("--stack mine", ENVIRONMENT, Broker("127.0.0.1:9092", "plaudit-admin", "mine password")),
    ],
)
def test_a_login_goes_where_it_was_said_for(arguments: str, environment: dict[str, str], login: Broker) -> None:
    _, (where,) = asked(arguments, **environment)
    assert where.broker() == login


@pytest.mark.parametrize("arguments", ["--url https://a --profile live", "--stack mine --profile live"])
def test_two_places_are_one_too_many(arguments: str) -> None:
    result, _ = asked(arguments)
    assert result.exit_code == 2
    assert "two places" in result.output


@pytest.mark.parametrize("url", ["example.org", "scorin=https://a", "ftp://a"])
def test_what_is_no_address_is_refused(url: str) -> None:
    result, _ = asked(f"--url {url}")
    assert result.exit_code == 2
    assert "--url" in result.output


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=environment)


def test_a_service_that_nobody_said_is_named() -> None:
    result = run("url", "scoring", "--url", "ingest=https://a")
    assert result.exit_code == 1
    assert "--url scoring=URL" in result.output


def test_the_key_of_a_local_stack_goes_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("programme: p\n")
    result = run("programme", "publish", str(file), "--url", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "Say which access key to use" in result.output


def test_url_prints_an_address_for_scripts() -> None:
    assert run("url", "ingest").output == "http://127.0.0.1:8101\n"
    assert run("url", "ingest", "--profile", "live").output == "https://ingest.live\n"
    assert '"rewards": "http://127.0.0.1:8104"' in run("url", "--json").output


@pytest.mark.parametrize(
    "command",
    [
        ("keys", "list"),
        ("keys", "create"),
        ("keys", "revoke"),
        ("programme", "validate"),
        ("programme", "publish"),
        ("explain",),
        ("import", "git"),
        ("import", "csv"),
        ("import", "github-webhooks"),
        ("import", "cloudevents"),
    ],
)
def test_every_command_on_servers_says_where_in_one_way(command: tuple[str, ...]) -> None:
    shown = run(*command, "--help").output
    for option in ("--url", "--profile", "--stack", "PLAUDIT_URL", "PLAUDIT_PROFILE"):
        assert option in shown
    assert "--key" in shown or "--admin-key" in shown
    assert "Example:" in shown or "Examples:" in shown


def test_dead_letters_are_looked_for_in_the_same_way() -> None:
    for command in ("list", "replay"):
        shown = run("dlq", command, "--help").output
        assert all(option in shown for option in ("--kafka", "--profile", "--stack", "PLAUDIT_KAFKA"))
