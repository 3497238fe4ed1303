"""The command at servers of which no local stack knows: by options, by the environment, by a profile."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from plaudit.cli import main
from plaudit.stack import StackState

pytestmark = pytest.mark.stack

PROGRAMME = Path(__file__).parents[3] / "programmes" / "starter.yaml"
EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "forum.post.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {"channel": "forum", "actor": {"id": "ada"}},
}


#: Who is added with the bootstrap key: an administrator who publishes and imports, too.
BOB = ("--name", "Bob", "--role", "finance_approver", "--first-key", "--scope", "programmes:approve")
GRACE = ("--name", "Grace", "--role", "administrator", "--role", "manager", "--first-key")


class Elsewhere:
    """A machine that has no stack, and knows where the platform is."""

    def __init__(self, platform: StackState, home: Path) -> None:
        self.platform = platform
        self.community = f"elsewhere-{uuid4().hex[:12]}"
        self.nothing = {
            "PLAUDIT_HOME": str(home / "none"),
            "PLAUDIT_PROFILES": str(home / "profiles.toml"),
            "PLAUDIT_STACK": "",
        }
        self.kafka_login = {
            "PLAUDIT_KAFKA": platform.kafka,
            "PLAUDIT_KAFKA_USER": platform.broker.user,
            "PLAUDIT_KAFKA_PASSWORD": platform.broker.password,
        }
        self.urls = [f"{service}={url}" for service, url in platform.service_urls.items()]

    def run(self, *command: str, stdin: str = "", **environment: str) -> Result:
        result = CliRunner().invoke(main, list(command), input=stdin, env=self.nothing | environment)
        assert result.exit_code == 0, result.output
        return result

    def with_profile(self) -> None:
        """Keep the platform as the profile `live`, with the administrator's key and then one of its own."""
        at = [part for url in self.urls for part in ("--url", url)]
        admin_key = self.platform.admin_key + "\n"
        broker = self.platform.broker
        kafka = ("--kafka", broker.servers, "--kafka-user", broker.user, "--kafka-password", broker.password)
        self.run(
            "profile",
            "add",
            "live",
            *at,
            "--community",
            self.community,
            "--admin-key",
            "-",
            *kafka,
            stdin=admin_key,
        )
        added = self.run("people", "add", "--profile", "live", "--json", *GRACE)
        key = json.loads(added.stdout)["key"] + "\n"
        self.run("profile", "add", "live", "--update", "--key", "-", stdin=key)


@pytest.fixture
def elsewhere(platform: StackState, tmp_path: Path) -> Elsewhere:
    return Elsewhere(platform, tmp_path)


def test_by_options(elsewhere: Elsewhere) -> None:
    at = [part for url in elsewhere.urls for part in ("--url", url)]
    here = [*at, "--community", elsewhere.community]

    bootstrap = [*here, "--admin-key", elsewhere.platform.admin_key]
    grace = json.loads(elsewhere.run("people", "add", "--json", *GRACE, *bootstrap).stdout)
    administering = [*here, "--key", grace["key"]]
    create = ["keys", "create", "--person", "Grace", "--name", "mine", "--json"]
    issued = json.loads(elsewhere.run(*create, *administering).output)
    published = elsewhere.run("programme", "publish", str(PROGRAMME), *at, "--key", issued["key"])
    approver = json.loads(elsewhere.run("people", "add", "--json", *BOB, *administering).output)
    approved = elsewhere.run("programme", "approve", "1", *at, "--key", approver["key"])
    imported = elsewhere.run(
        "import", "cloudevents", "-", "--json", *at, "--key", issued["key"], stdin=json.dumps(EVENT)
    )
    listed = json.loads(elsewhere.run("keys", "list", "--json", *administering).output)
    elsewhere.run("keys", "revoke", issued["key_id"], *administering)

    assert "version 1 is proposed, and not in effect" in published.output
    assert "rewards.payout.minor: none -> 100" in published.output
    assert "version 1 is in effect" in approved.output
    assert json.loads(imported.stdout)["accepted"] == 1
    # Nothing of its own was issued there: the key that was given did all of it.
    assert sorted(key["name"] for key in listed) == ["first key", "first key", "mine"]


def test_by_the_environment(elsewhere: Elsewhere) -> None:
    environment = {
        "PLAUDIT_URL": " ".join(elsewhere.urls),
        "PLAUDIT_COMMUNITY": elsewhere.community,
        "PLAUDIT_ADMIN_KEY": elsewhere.platform.admin_key,
    }
    key = elsewhere.run("people", "add", *GRACE, **environment).stdout.strip()
    elsewhere.run("programme", "validate", str(PROGRAMME), **environment, PLAUDIT_KEY=key)
    elsewhere.run("dlq", "list", "rewards", **elsewhere.kafka_login)


def test_by_a_profile(elsewhere: Elsewhere) -> None:
    elsewhere.with_profile()

    elsewhere.run("programme", "publish", str(PROGRAMME), "--profile", "live")
    elsewhere.run("dlq", "list", "rewards", "--profile", "live")
    url = elsewhere.run("url", "recognition", "--profile", "live").output.strip()
    imported = elsewhere.run(
        "import", "cloudevents", "-", "--json", stdin=json.dumps(EVENT), PLAUDIT_PROFILE="live"
    )

    assert url == elsewhere.platform.service_urls["recognition"]
    assert json.loads(imported.stdout)["accepted"] == 1


def test_what_there_is_not_elsewhere_is_said_in_a_sentence(elsewhere: Elsewhere) -> None:
    refused = CliRunner().invoke(
        main, ["keys", "list", "--url", elsewhere.urls[0], "--community", "x"], env=elsewhere.nothing
    )
    assert refused.exit_code == 1
    assert "--admin-key" in refused.output
    refused = CliRunner().invoke(
        main,
        ["keys", "list", "--url", "http://127.0.0.1:9", "--admin-key", "x", "--community", "x"],
        env=elsewhere.nothing,
    )
    assert refused.exit_code == 1
    assert "is the address right" in refused.output
