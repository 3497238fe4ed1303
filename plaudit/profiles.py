"""Profiles: where an installation's services are and which keys to use there, kept in a file of the user's own."""

import json
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any, get_args

import click
import platformdirs
import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from plaudit.asking import confirmed
from plaudit.stack.state import write_private
from shared.broker import Mechanism
from shared.services import SERVICES

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
FROM_INPUT = "-"


class ProfileError(click.ClickException):
    """A profile that there is not, or a file of profiles that cannot be used; the message says what to do."""


class Profile(BaseModel):
    """One installation. `url` is one address for all services, with {service} for the name if they differ, or
    one for each."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    url: str | dict[str, str]
    community: str | None = None
    key: str | None = Field(None, repr=False)
    admin_key: str | None = Field(None, repr=False)
    kafka: str | None = None
    kafka_user: str | None = None
    kafka_password: str | None = Field(None, repr=False)
    kafka_mechanism: Mechanism | None = None
    kafka_tls: bool | None = None
    kafka_ca_file: str | None = None

    @field_validator("url")
    @classmethod
    def _are_addresses(cls, value: str | dict[str, str]) -> str | dict[str, str]:
        addresses(value)
        return value

    @property
    def urls(self) -> dict[str, str]:
        """The base URL of each service that it names."""
        return addresses(self.url)


def addresses(url: str | dict[str, str]) -> dict[str, str]:
    """The base URL of each service, from one for all, with or without {service}, or from one for each.

    Raises ValueError for what is no address or names no service of ours.
    """
    named = dict.fromkeys(SERVICES, url) if isinstance(url, str) else url
    for service, one in named.items():
        if service not in SERVICES:
            raise ValueError(f"there is no service {service!r}; there are {', '.join(SERVICES)}")
        if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", one):
            raise ValueError(f"{one!r} is no address such as https://plaudit.example.org")
    return {service: one.replace("{service}", service).rstrip("/") for service, one in named.items()}


def said_addresses(given: tuple[str, ...]) -> str | dict[str, str]:
    """What `--url` was given as: once an address for all services, or SERVICE=URL as often as there are services.

    Raises click.BadParameter.
    """
    pairs = [re.fullmatch(r"([a-z]+)=(.+)", one) for one in given]
    if not any(pairs) and len(given) == 1:
        return given[0]
    named = {pair[1]: pair[2] for pair in pairs if pair}
    if len(named) < len(given):
        raise click.BadParameter(
            "give one address for all services, or SERVICE=URL once for each", param_hint="--url"
        )
    return named


def profiles_file() -> Path:
    """Where the profiles are: PLAUDIT_PROFILES, else profiles.toml in the user's directory of settings."""
    configured = os.environ.get("PLAUDIT_PROFILES")
    return (
        Path(configured).expanduser() if configured else platformdirs.user_config_path("plaudit") / "profiles.toml"
    )


def load_profiles() -> dict[str, Profile]:
    """Every profile by its name; none without a file. Raises ProfileError for a file that cannot be used."""
    path = profiles_file()
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        # Checked before it is read: a key that others could read is a key to be replaced, and nobody else says so.
        if mode & 0o077:
            raise ProfileError(
                f"{path} holds keys, and others may read it (mode {mode:04o}): close it with `chmod 600 {path}`, "
                "and replace the keys in it if somebody did"
            )
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"{path} cannot be read: {error}") from error
    found = {}
    for name, fields in document.items():
        try:
            found[name] = Profile.model_validate(fields)
        except ValidationError as error:
            raise ProfileError(f"{path}, profile {name!r}: {_first(error)}") from error
    return found


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("str", "dict[str,str]"))
    if first["type"] == "extra_forbidden":
        return f"there is no field {place!r}; there are {', '.join(Profile.model_fields)}"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"


def load_profile(name: str) -> Profile:
    """The profile `name`. Raises ProfileError when there is none."""
    profiles = load_profiles()
    if name not in profiles:
        there_are = f"there are {', '.join(profiles)}" if profiles else "there is none yet"
        raise ProfileError(
            f"There is no profile {name!r} in {profiles_file()}; {there_are}. See `plaudit profile add`"
        )
    return profiles[name]


def save_profiles(profiles: dict[str, Profile]) -> None:
    """Replace the file; only its owner can read it."""
    path = profiles_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = {name: one.model_dump(exclude_none=True) for name, one in profiles.items()}
    write_private(path, tomli_w.dumps(document))


def _secret(value: str | None, what: str) -> str | None:
    """A secret as it was given; for `-` it is asked for unseen, or read as a line of standard input."""
    if value != FROM_INPUT:
        return value
    stream = click.get_text_stream("stdin")
    if stream.isatty():
        asked: str = click.prompt(what, hide_input=True)
        return asked
    line = stream.readline().strip()
    if not line:
        raise click.UsageError(f"Standard input has no line for the {what.lower()}.")
    return line


@click.group()
def profile() -> None:
    """Keep where an installation is and which keys to use there, for --profile and PLAUDIT_PROFILE."""


@profile.command(
    "add",
    epilog="Example: plaudit profile add live --url 'https://{service}.example.org' --community acme --key -",
)
@click.argument("name")
@click.option(
    "--url",
    "given",
    multiple=True,
    help="One address for all services, {service} standing for the name, or SERVICE=URL for each; repeat",
)
@click.option("--community", help="The community that commands mean")
@click.option("--key", help="An access key; '-' asks for it, or reads a line of standard input")
@click.option("--admin-key", help="The bootstrap key, for the first `plaudit people add`; '-' as above")
@click.option("--kafka", help="Kafka's bootstrap servers, HOST:PORT, for `plaudit dlq` and `kafka-user`")
@click.option("--kafka-user", help="Who logs in at Kafka")
@click.option("--kafka-password", help="That user's password; '-' as above")
@click.option("--kafka-mechanism", type=click.Choice(get_args(Mechanism)), help="How it logs in")
@click.option("--kafka-tls/--no-kafka-tls", default=None, help="Whether connections to Kafka are encrypted")
@click.option("--kafka-ca-file", help="Certificates that Kafka's must be signed by")
@click.option("--update", is_flag=True, help="Change what is given of a profile that is there")
def add_profile(name: str, given: tuple[str, ...], update: bool, **fields: Any) -> None:
    """Keep an installation under NAME, in a file that only you can read."""
    if not NAME.fullmatch(name):
        raise click.BadParameter("use letters, digits, '-' and '_'", param_hint="NAME")
    profiles = load_profiles()
    if (name in profiles) != update:
        raise ProfileError(
            f"There is no profile {name!r} to update"
            if update
            else f"There is a profile {name!r}: --update changes it"
        )
    for secret in ("key", "admin_key", "kafka_password"):
        fields[secret] = _secret(fields[secret], secret.replace("_", " ").capitalize())
    changed = {field: value for field, value in fields.items() if value is not None}
    if given:
        changed["url"] = said_addresses(given)
    elif not update:
        raise click.UsageError("Say where the services are: --url")
    before = profiles[name].model_dump(exclude_none=True) if update else {}
    try:
        profiles[name] = Profile.model_validate(before | changed)
    except ValidationError as error:
        raise ProfileError(_first(error)) from error
    save_profiles(profiles)
    click.echo(f"Profile {name!r} is kept in {profiles_file()}: use it with --profile {name}")


@profile.command("list", epilog="Example: plaudit profile list --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script")
def list_profiles(as_json: bool) -> None:
    """List the profiles, without their secrets."""
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "urls": one.urls,
            "community": one.community,
            "kafka": one.kafka,
            "has": [field for field in ("key", "admin_key", "kafka_password") if getattr(one, field)],
        }
        for name, one in load_profiles().items()
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    if not rows:
        click.echo(f"There is no profile in {profiles_file()}")
        return
    for row in rows:
        kafka = f", Kafka at {row['kafka']}" if row["kafka"] else ""
        keeps = " and ".join(row["has"]).replace("_", " ") or "no key"
        click.echo(f"{row['name']}: community {row['community'] or 'not said'}{kafka}; keeps {keeps}")
        for service, url in row["urls"].items():
            click.echo(f"{service:>13}  {url}")


@profile.command("remove", epilog="Example: plaudit profile remove production --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask")
def remove_profile(name: str, yes: bool) -> None:
    """Forget a profile and the keys in it; at the services they stay valid."""
    profiles = load_profiles()
    load_profile(name)
    confirmed(f"Forget profile {name!r} and the keys in it?", yes)
    del profiles[name]
    save_profiles(profiles)
    click.echo(f"Profile {name!r} is forgotten")
