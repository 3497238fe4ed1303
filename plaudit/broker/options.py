"""The options that say which Kafka a command means, and as whom it logs in there."""

import functools
from collections.abc import Callable
from typing import Any, get_args

import click

from shared.broker import Broker, Mechanism


def broker_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options, and one argument `broker` for all of them: None when no Kafka is named."""

    @functools.wraps(command)
    def with_broker(
        *arguments: Any,
        kafka: str | None,
        kafka_user: str,
        kafka_password: str,
        kafka_mechanism: Mechanism,
        kafka_tls: bool,
        kafka_ca_file: str,
        **others: Any,
    ) -> Any:
        broker = None
        if kafka:
            broker = Broker(kafka, kafka_user, kafka_password, kafka_mechanism, kafka_tls, kafka_ca_file)
        return command(*arguments, broker=broker, **others)

    for option in reversed(
        (
            click.option(
                "--kafka",
                envvar="PLAUDIT_KAFKA",
                metavar="HOST:PORT",
                show_envvar=True,
                help="A Kafka of your own.",
            ),
            click.option(
                "--kafka-user",
                envvar="PLAUDIT_KAFKA_USER",
                default="",
                show_envvar=True,
                help="Who logs in there.",
            ),
            click.option(
                "--kafka-password",
                envvar="PLAUDIT_KAFKA_PASSWORD",
                default="",
                show_envvar=True,
                help="Better by the environment: a command line is seen by others.",
            ),
            click.option(
                "--kafka-mechanism",
                envvar="PLAUDIT_KAFKA_MECHANISM",
                type=click.Choice(get_args(Mechanism)),
                default="SCRAM-SHA-512",
                show_default=True,
                show_envvar=True,
                help="How.",
            ),
            click.option(
                "--kafka-tls",
                envvar="PLAUDIT_KAFKA_TLS",
                is_flag=True,
                show_envvar=True,
                help="Encrypt connections.",
            ),
            click.option(
                "--kafka-ca-file",
                envvar="PLAUDIT_KAFKA_CA_FILE",
                default="",
                show_envvar=True,
                help="Certificates (PEM) that the broker's must be signed by.  [default: the machine's]",
            ),
        )
    ):
        with_broker = option(with_broker)
    return with_broker
