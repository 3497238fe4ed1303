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
#: As deploy/postgres/exporter.sh makes it.
COMPOSE_EXPORTER_ROLE = "plaudit_exporter"


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
    """New settings of the containers that are no part of ours, and of the one that provisions them."""
    admin, broker, superuser, exporter = _password(), _password(), _password(), _password()
    login = f'username="{COMPOSE_BROKER_USER}" password="{broker}"'
    known = f'user_{ADMIN}="{admin}" user_{COMPOSE_BROKER_USER}="{broker}"'
    plain = f"org.apache.kafka.common.security.plain.PlainLoginModule required {login} {known};"
    return {
        "kafka": {
            "KAFKA_LISTENER_NAME_CLIENTS_PLAIN_SASL_JAAS_CONFIG": plain,
            "KAFKA_LISTENER_NAME_CONTROLLER_PLAIN_SASL_JAAS_CONFIG": plain,
        },
        "postgres": {"POSTGRES_PASSWORD": superuser, "PLAUDIT_EXPORTER_PASSWORD": exporter},
        "postgres-exporter": {
            "DATA_SOURCE_URI": f"{COMPOSE_POSTGRES}/postgres?sslmode=disable",
            "DATA_SOURCE_USER": COMPOSE_EXPORTER_ROLE,
            "DATA_SOURCE_PASS": exporter,
        },
        "grafana": {"GF_SECURITY_ADMIN_PASSWORD": _password()},
        "provision": {
            "PLAUDIT_KAFKA_USER": ADMIN,
            "PLAUDIT_KAFKA_PASSWORD": admin,
            "PLAUDIT_KAFKA_MECHANISM": "PLAIN",
            "PLAUDIT_POSTGRES_ADMIN_URL": f"postgresql://postgres:{superuser}@{COMPOSE_POSTGRES}/postgres",
        },
    }


def renew_passwords(directory: Path, part: str) -> list[str]:
    """Make new passwords for a part in its file and in provision.env; return their variables.

    provision.env is written last: until then nothing can set what the part does not know.
    Raises click.ClickException where a file is missing or does not have them.
    """
    new = {
        f"PLAUDIT_{server}_PASSWORD": _password()
        for server in (("KAFKA", "POSTGRES") if part in SERVICES else ("POSTGRES",))
    }
    provisioned = {
        f"PLAUDIT_{part.upper()}_{name.removeprefix('PLAUDIT_')}": password for name, password in new.items()
    }
    texts = {
        path: _replaced(path, variables)
        for path, variables in ((directory / f"{part}.env", new), (directory / "provision.env", provisioned))
    }
    for path, text in texts.items():
        write_private(path, text)
    return list(new)


def _replaced(path: Path, variables: Mapping[str, str]) -> str:
    """What a file of variables has, with these ones changed."""
    if not path.exists():
        raise click.ClickException(f"{path} is not there: `plaudit secrets` makes it.")
    lines, left = [], dict(variables)
    for line in path.read_text().splitlines():
        name = line.partition("=")[0]
        lines.append(f"{name}={left.pop(name)}" if name in left else line)
    if left:
        raise click.ClickException(f"{path} has no {next(iter(left))}.")
    return "".join(f"{line}\n" for line in lines)


@click.command("secrets", epilog="Example: plaudit secrets --compose secrets")
@click.option("--compose", is_flag=True, help="Also for the containers of docker-compose.yml.")
@click.option(
    "--renew",
    metavar="PART",
    type=click.Choice([*SERVICES, CONSOLE]),
    help="Only make new passwords for this part at Kafka and PostgreSQL, in the files that are there.",
)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def secrets_command(compose: bool, renew: str | None, directory: Path) -> None:
    """Make new passwords and keys, and write them to DIRECTORY: a file of variables for each service.

    Give each service its own file and no other: a host that is taken over knows nothing of the rest. provision.env
    is for `plaudit provision`, which sets the passwords. Nothing that is there is overwritten.

    With --renew the part gets new passwords, in its own file and in provision.env. They hold once
    `plaudit provision` has set them; the part needs them from its next start on.
    """
    if renew is not None:
        if compose:
            raise click.UsageError("--renew changes files that are there: leave out --compose.")
        renewed = renew_passwords(directory, renew)
        click.echo(f"{len(renewed)} new passwords for {renew}: run `plaudit provision`, then restart {renew}")
        return
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
