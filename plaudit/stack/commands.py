"""`plaudit up`, `down`, `status`, `logs` and `reset`."""

import time

import click

from plaudit.asking import confirmed
from plaudit.broker.options import broker_options
from plaudit.places import LOCAL_COMMUNITY
from plaudit.stack.errors import StackError
from plaudit.stack.ports import HOST
from plaudit.stack.state import SANDBOX
from shared.broker import Broker
from shared.contracts.texts import written_out
from shared.services import CONSOLE, GATEWAY

STACK = click.option(
    "--stack",
    "name",
    envvar="PLAUDIT_STACK",
    default="default",
    show_default=True,
    show_envvar=True,
    help="Which stack: each has its own data, ports and processes.",
)


def _parts(_context: click.Context, _option: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return tuple(filter(None, (part.strip() for part in value.split(",")))) if value else None


@click.command(epilog="Example: plaudit up --stack trial")
@STACK
@click.option("--only", callback=_parts, help="Only these parts, such as kafka,postgres.")
@click.option(
    "--role",
    type=click.Choice(["all", "api", "worker"]),
    default="all",
    show_default=True,
    help="What of each service to run.",
)
@broker_options
@click.option(
    "--postgres",
    envvar="PLAUDIT_POSTGRES_ADMIN_URL",
    metavar="URL",
    show_envvar=True,
    help="Use this PostgreSQL, start none: a superuser's URL.",
)
@click.option(
    "--kafka-metrics", is_flag=True, help="Let the broker show its own metrics too, for Prometheus (3 MB once)."
)
@click.option(
    "--community", default=LOCAL_COMMUNITY, show_default=True, help="Whose console the printed link signs in to."
)
@click.option(
    "--provision/--no-provision", default=True, show_default=True, help="Create databases, tables and topics."
)
def up(
    name: str,
    only: tuple[str, ...] | None,
    role: str,
    broker: Broker | None,
    postgres: str | None,
    kafka_metrics: bool,
    community: str,
    provision: bool,
) -> None:
    """Start the stack: Kafka, PostgreSQL, the services, the console, the gateway and a sandbox for gift cards.

    Run twice, it is still one stack; after a crash or a power cut it comes up with its data. The first run fetches
    Kafka (45 MB). With --kafka it starts none, and logs in there as an administrator to make the services' users.
    """
    from plaudit.stack.lifecycle import start  # noqa: PLC0415

    if kafka_metrics and broker is not None:
        raise click.UsageError("--kafka-metrics is for the broker that is started here; yours has its own.")
    started = time.monotonic()
    state = start(
        name,
        only=only,
        role=role,
        kafka_metrics=kafka_metrics,
        external_kafka=broker,
        postgres_admin_url=postgres,
        provision=provision,
        report=click.echo,
    )
    click.echo(f"Stack '{name}' is up after {time.monotonic() - started:.1f} s; its data is in {state.directory}")
    for service, url in state.service_urls.items():
        if service in state.parts:
            click.echo(f"{service:>13}  {url}")
    if state.kafka_metrics and "kafka" in state.parts:
        click.echo(
            f"{'kafka':>13}  http://{HOST}:{state.ports['kafka-metrics']}/metrics: the broker's own metrics"
        )
    if GATEWAY in state.parts:
        click.echo(f"{GATEWAY:>13}  {state.gateway_url}: all of them at one address; `plaudit env` for your shell")
    if SANDBOX in state.parts:
        click.echo(
            f"{SANDBOX:>13}  {state.sandbox_url}: gift cards that nobody sells; `plaudit sandbox-provider tell`"
        )
    if {CONSOLE, "ingest"} <= set(state.parts) and role != "worker":
        from plaudit.console import sign_in_link  # noqa: PLC0415

        click.echo(f"{CONSOLE:>13}  {state.console_url}; this signs you in once, within 15 minutes:")
        click.echo(f"{'':>13}  {sign_in_link(state, community)}")


@click.command(epilog="Example: plaudit down")
@STACK
def down(name: str) -> None:
    """Stop the stack; its data stays."""
    from plaudit.stack.lifecycle import stop  # noqa: PLC0415

    started = time.monotonic()
    if stop(name, report=click.echo):
        click.echo(f"Stack '{name}' is down after {time.monotonic() - started:.1f} s.")
    else:
        click.echo(f"Stack '{name}' was not running.")


@click.command(epilog="Example: plaudit status --json")
@STACK
@click.option("--json", "as_json", is_flag=True, help="For a script.")
def status(name: str, as_json: bool) -> None:
    """Show each process: its state, port, age, memory and restarts; and what keeps a service from its work.

    Exit code 3 when something does not run, is not ready or hangs.
    """
    from rich.console import Console  # noqa: PLC0415

    from plaudit.listing import listing  # noqa: PLC0415
    from plaudit.stack.lifecycle import status as look  # noqa: PLC0415

    found = look(name, ask=True)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
    else:
        table = listing("process", "state", "pid", "port", "up", "MB", "restarts", "last exit", border=None)
        for one in found.processes:
            memory = "" if one.resident_bytes is None else f"{one.resident_bytes / 2**20:.0f}"
            age = "" if one.uptime_seconds is None else _age(one.uptime_seconds)
            cells = (one.pid, one.port, age, memory, one.restarts, one.last_exit)
            table.add_row(one.name, one.state, *("" if cell is None else str(cell) for cell in cells))
        Console().print(table)
        for one in found.processes:
            for missing in one.missing:
                hint = " (`plaudit restore check` says more)" if missing.startswith("fenced: ") else ""
                click.echo(written_out(f"{one.name}: {missing}{hint}"))
        click.echo(f"Stack '{name}' in {found.directory} is {'up' if found.running else 'not (all) up'}.")
    if not found.running:
        raise SystemExit(3)


@click.command(epilog="Example: plaudit logs scoring -f")
@STACK
@click.argument("process", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=50, show_default=True, help="How many lines.")
def logs(name: str, process: str | None, follow: bool, lines: int) -> None:
    """Show the log of PROCESS, or of all: kafka, postgres, supervisor or a service."""
    from plaudit.stack.logs import follow as following  # noqa: PLC0415
    from plaudit.stack.logs import tail  # noqa: PLC0415
    from plaudit.stack.state import load_state  # noqa: PLC0415

    folder = load_state(name).directory / "logs"
    files = {path.stem: path for path in sorted(folder.glob("*.log"))}
    if process is not None and process not in files:
        raise StackError(f"'{process}' has no log: choose from {', '.join(files) or 'nothing, it never ran'}.")
    chosen = files if process is None else {process: files[process]}
    for one, path in chosen.items():
        for line in tail(path, lines):
            click.echo(line if process else f"{one:>11} | {line}")
    if follow:
        try:
            for one, line in following(chosen):
                click.echo(line if process else f"{one:>11} | {line}")
        except KeyboardInterrupt:
            click.echo()


@click.command(epilog="Example: plaudit reset --stack trial --yes")
@STACK
@click.option("--yes", is_flag=True, help="Do not ask; without it a script is refused.")
def reset(name: str, yes: bool) -> None:
    """Stop the stack and delete its data."""
    from plaudit.stack.lifecycle import reset as delete  # noqa: PLC0415
    from plaudit.stack.paths import stack_directory  # noqa: PLC0415

    directory = stack_directory(name)
    if not directory.exists():
        click.echo(f"There is no stack '{name}'.")
        return
    confirmed(f"Delete all data of stack '{name}' in {directory}?", yes)
    delete(name, report=click.echo)
    click.echo(f"Stack '{name}' is deleted.")


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
