"""The options that say which Kafka a command means, and as whom it logs in there."""

import functools
from collections.abc import Callable
from typing import Any, get_args

import click

from shared.broker import Broker, Mechanism

#: How to log in; what is not said is None.
LOGIN = (
    click.option("--kafka-user", envvar="PLAUDIT_KAFKA_USER", show_envvar=True, help="Who logs in at that Kafka"),
    click.option(
        "--kafka-password",
        envvar="PLAUDIT_KAFKA_PASSWORD",
        show_envvar=True,
        help="Better by the environment: a command line is seen by others",
    ),
    click.option(
        "--kafka-mechanism",
        envvar="PLAUDIT_KAFKA_MECHANISM",
        type=click.Choice(get_args(Mechanism)),
        show_envvar=True,
        help="How to log in  [default: SCRAM-SHA-512]",
    ),
    click.option(
        "--kafka-tls",
        envvar="PLAUDIT_KAFKA_TLS",
        is_flag=True,
        default=None,
        show_envvar=True,
        help="Encrypt connections",
    ),
    click.option(
        "--kafka-ca-file",
        envvar="PLAUDIT_KAFKA_CA_FILE",
        show_envvar=True,
        help="Certificates (PEM) that the broker's must be signed by  [default: the machine's]",
    ),
)
LOGIN_NAMES = ("kafka_user", "kafka_password", "kafka_mechanism", "kafka_tls", "kafka_ca_file")


def broker_of(
    servers: str,
    *,
    kafka_user: str | None,
    kafka_password: str | None,
    kafka_mechanism: Mechanism | None,
    kafka_tls: bool | None,
    kafka_ca_file: str | None,
) -> Broker:
    """The broker at `servers` with what was said of the login; what was not said is as Broker has it."""
    said = {
        "user": kafka_user,
        "password": kafka_password,
        "mechanism": kafka_mechanism,
        "tls": kafka_tls,
        "ca_file": kafka_ca_file,
    }
    given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    return Broker(servers, **given)


def broker_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options, and one argument `broker` for all of them: None when no Kafka is named."""

    @functools.wraps(command)
    def with_broker(*arguments: Any, kafka: str | None, **others: Any) -> Any:
        login = {name: others.pop(name) for name in LOGIN_NAMES}
        return command(*arguments, broker=broker_of(kafka, **login) if kafka else None, **others)

    named = click.option(
        "--kafka", envvar="PLAUDIT_KAFKA", metavar="HOST:PORT", show_envvar=True, help="A Kafka of your own"
    )
    wrapped: Callable[..., Any] = with_broker
    for option in reversed((named, *LOGIN)):
        wrapped = option(wrapped)
    return wrapped
