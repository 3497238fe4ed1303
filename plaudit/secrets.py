"""`plaudit secrets` and `plaudit signing-key`: what a platform on servers of its own needs to be made up once."""

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from plaudit.broker.rights import ADMIN, user_name
from plaudit.stack.state import write_private
from shared.services import CONSOLE, GATEWAY, SERVICES
from shared.settings import IDENTITY_KEY_BYTES, WEBHOOK_KEY_BYTES
from shared.signatures import key_id_of, new_keys
from shared.topics import SIGNERS

PASSWORD_BYTES = 24
TEXT_KEY_BYTES = 32
#: What seals the private keys of issuers of badges (services/recognition/settings.py).
CREDENTIAL_KEY_BYTES = 32
VOUCHER_KEY_BYTES = 32
#: As the compose file calls them.
COMPOSE_POSTGRES = "postgres:5432"
COMPOSE_BROKER_USER = "plaudit-broker"


def service_files() -> dict[str, dict[str, str]]:
    """New settings for each service, the console, the gateway and whoever provisions: variables by their file."""
    pairs = {signer: new_keys() for signer in SIGNERS}
    verifying = {f"PLAUDIT_{signer.upper()}_VERIFYING_KEYS": keys.verifying_key for signer, keys in pairs.items()}
    identity_key = secrets.token_urlsafe(IDENTITY_KEY_BYTES)
    webhook_key = secrets.token_urlsafe(WEBHOOK_KEY_BYTES)
    files: dict[str, dict[str, str]] = {"provision": {}}
    for service in SERVICES:
        kafka, postgres = _password(), _password()
        files[service] = {
            "PLAUDIT_KAFKA_USER": user_name(service),
            "PLAUDIT_KAFKA_PASSWORD": kafka,
            "PLAUDIT_POSTGRES_PASSWORD": postgres,
            "PLAUDIT_IDENTITY_KEY": identity_key,
            "PLAUDIT_WEBHOOK_KEYS": webhook_key,
            **verifying,
        }
        if service in pairs:
            files[service]["PLAUDIT_SIGNING_KEY"] = pairs[service].signing_key
        files["provision"][f"PLAUDIT_{service.upper()}_KAFKA_PASSWORD"] = kafka
        files["provision"][f"PLAUDIT_{service.upper()}_POSTGRES_PASSWORD"] = postgres
    files[CONSOLE] = {"PLAUDIT_POSTGRES_PASSWORD": _password()}
    console_password = files[CONSOLE]["PLAUDIT_POSTGRES_PASSWORD"]
    files["provision"][f"PLAUDIT_{CONSOLE.upper()}_POSTGRES_PASSWORD"] = console_password
    files[GATEWAY] = {}  # it has no secret; here is where its own settings go
    files["recognition"]["PLAUDIT_CREDENTIAL_KEYS"] = secrets.token_urlsafe(CREDENTIAL_KEY_BYTES)
    files["rewards"]["PLAUDIT_VOUCHER_KEYS"] = secrets.token_urlsafe(VOUCHER_KEY_BYTES)
    files["ingest"]["PLAUDIT_TEXT_KEYS"] = secrets.token_urlsafe(TEXT_KEY_BYTES)
    files["ingest"]["PLAUDIT_ADMIN_KEY"] = "plaudit_admin_" + _password()
    return files


def compose_files() -> dict[str, dict[str, str]]:
    """New settings of the containers of Kafka and PostgreSQL, and of the one that provisions them."""
    admin, broker, superuser = _password(), _password(), _password()
    login = f'username="{COMPOSE_BROKER_USER}" password="{broker}"'
    known = f'user_{ADMIN}="{admin}" user_{COMPOSE_BROKER_USER}="{broker}"'
    plain = f"org.apache.kafka.common.security.plain.PlainLoginModule required {login} {known};"
    return {
        "kafka": {
            "KAFKA_LISTENER_NAME_CLIENTS_PLAIN_SASL_JAAS_CONFIG": plain,
            "KAFKA_LISTENER_NAME_CONTROLLER_PLAIN_SASL_JAAS_CONFIG": plain,
        },
        "postgres": {"POSTGRES_PASSWORD": superuser},
        "provision": {
            "PLAUDIT_KAFKA_USER": ADMIN,
            "PLAUDIT_KAFKA_PASSWORD": admin,
            "PLAUDIT_KAFKA_MECHANISM": "PLAIN",
            "PLAUDIT_POSTGRES_ADMIN_URL": f"postgresql://postgres:{superuser}@{COMPOSE_POSTGRES}/postgres",
        },
    }


@click.command("secrets", epilog="Example: plaudit secrets --compose secrets")
@click.option("--compose", is_flag=True, help="Also for the containers of docker-compose.yml.")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def secrets_command(compose: bool, directory: Path) -> None:
    """Make new passwords and keys, and write them to DIRECTORY: a file of variables for each service.

    Give each service its own file and no other: a host that is taken over knows nothing of the rest. provision.env
    is for `plaudit provision`, which sets the passwords. Nothing that is there is overwritten.
    """
    files = service_files()
    if compose:
        for name, variables in compose_files().items():
            files[name] = files.get(name, {}) | variables
    there = [path for path in _paths(directory, files) if path.exists()]
    if there:
        raise click.ClickException(f"{there[0]} is there already: name another directory, or move it away.")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path, variables in zip(_paths(directory, files), files.values(), strict=True):
        write_private(path, "".join(f"{name}={value}\n" for name, value in variables.items()))
    click.echo(f"{len(files)} files in {directory}, readable by their owner alone")


@click.command("signing-key", epilog="Example: plaudit signing-key")
def signing_key() -> None:
    """Make a pair of keys: one signs access keys (at ingest) or programmes (at scoring), one verifies them."""
    keys = new_keys()
    click.echo(f"# key {key_id_of(keys.verifying_key)}: the first for the service that signs, alone")
    click.echo(f"PLAUDIT_SIGNING_KEY={keys.signing_key}")
    click.echo("# the second, after those that are there and a comma, for every service; for scoring …_SCORING_…")
    click.echo(f"PLAUDIT_INGEST_VERIFYING_KEYS={keys.verifying_key}")


def _password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _paths(directory: Path, files: Mapping[str, object]) -> Iterator[Path]:
    return (directory / f"{name}.env" for name in files)
