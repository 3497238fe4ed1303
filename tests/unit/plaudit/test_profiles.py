"""Profiles: what is kept of servers elsewhere, in a file of the user's own."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from plaudit.cli import main
from plaudit.profiles import Profile, addresses, load_profiles
from shared.services import SERVICES

LIVE = ("profile", "add", "live", "--url", "https://{service}.example.org", "--community", "acme")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "settings" / "profiles.toml"
    monkeypatch.setenv("PLAUDIT_PROFILES", str(path))
    return path


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


def test_what_is_added_is_kept_for_its_owner_alone(file: Path) -> None:
    result = run(*LIVE, "--key", "-", "--admin-key", "-", stdin="plk_1_secret\nadmin secret\n")

    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    (kept,) = load_profiles().values()
    assert (kept.key, kept.admin_key, kept.community) == ("plk_1_secret", "admin secret", "acme")
    assert kept.urls["scoring"] == "https://scoring.example.org"
    assert "secret" not in result.output
    assert "secret" not in repr(kept)


def test_the_list_shows_no_secret(file: Path) -> None:
    run(*LIVE, "--key", "plk_1_secret")

    shown, listed = run("profile", "list"), json.loads(run("profile", "list", "--json").output)

    assert "live" in shown.output
    assert "secret" not in shown.output + json.dumps(listed)
    assert listed[0]["has"] == ["key"]
    assert set(listed[0]["urls"]) == set(SERVICES)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused_with_what_to_do(file: Path, mode: int) -> None:
    run(*LIVE)
    file.chmod(mode)

    result = run("profile", "list")

    assert result.exit_code == 1
    assert f"chmod 600 {file}" in result.output


def test_a_profile_is_changed_only_when_that_is_said(file: Path) -> None:
    run(*LIVE, "--key", "old")

    refused = run(*LIVE, "--key", "new")
    changed = run("profile", "add", "live", "--update", "--key", "new")

    assert refused.exit_code == 1
    assert "--update" in refused.output
    assert changed.exit_code == 0
    assert load_profiles()["live"] == Profile(url="https://{service}.example.org", community="acme", key="new")


def test_a_profile_is_forgotten_only_when_that_is_said(file: Path) -> None:
    run(*LIVE)

    refused = run("profile", "remove", "live", stdin="y\n")
    assert (refused.exit_code, set(load_profiles())) == (1, {"live"})
    assert "--yes" in refused.output

    assert run("profile", "remove", "live", "--yes").exit_code == 0
    assert load_profiles() == {}
    assert run("profile", "remove", "live", "--yes").exit_code == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[live", "cannot be read"),
        ("[live]\ncommunity = 'acme'\n", "url: Field required"),
        ("[live]\nurl = 'example.org'\n", "'example.org' is no address"),
        ("[live]\nurl = {scorin = 'https://example.org'}\n", "there is no service 'scorin'"),
        ("[live]\nurl = 'https://example.org'\nadminkey = 'x'\n", "there is no field 'adminkey'"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_what_is_wrong(file: Path, text: str, says: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    file.chmod(0o600)

    result = run("profile", "list")

    assert result.exit_code == 1
    assert str(file) in result.output
    assert says in result.output


def test_a_profile_that_there_is_not_is_answered_with_those_there_are(file: Path) -> None:
    run(*LIVE)
    result = run("url", "scoring", "--profile", "life")
    assert result.exit_code == 1
    assert "there are live" in result.output


def test_addresses_may_be_one_for_all_or_one_for_each() -> None:
    assert set(addresses("https://example.org/").values()) == {"https://example.org"}
    assert addresses({"ingest": "http://10.0.0.1:8101"}) == {"ingest": "http://10.0.0.1:8101"}
