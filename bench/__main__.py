"""`python -m bench`: measure, print, and write bench/results/ and the table in bench/README.md."""

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import uvloop
from rich.console import Console

from bench import end_to_end, growth, latency, messages, pages, peers, picture, report, share, start_up
from bench.context import Context
from bench.factor import measure
from bench.machine import this_machine
from bench.results import Results
from bench.stages import backtest, broker, connectors, front, gateway, rebuild, recognition, transactions
from plaudit.stack import StackError

HERE = Path(__file__).parent
SECTIONS: dict[str, Callable[[Context], Awaitable[None]]] = {
    "parse": front.parse,
    "connectors": connectors.mapping,
    "http": front.http_batches,
    "http-single": front.http_single,
    "http-kafka": broker.http_acknowledged,
    "gateway": gateway.through_gateway,
    "consume": broker.consume,
    "scoring": transactions.scoring,
    "recognition": recognition.recognition,
    "ledger": transactions.ledger,
    "relay": broker.relay,
    "rebuild": rebuild.rebuild,
    "backtest": backtest.backtest,
    "end-to-end": end_to_end.run,
    "latency": latency.latency,
    "share": share.fair_share,
    "soak": latency.soak,
    "growth": growth.growth,
    "pages": pages.pages,
    "importing": start_up.importing,
    "up": start_up.up,
    "demo": start_up.demo,
    "peers": peers.run,
}

PART = click.Choice(list(SECTIONS))


@click.command(
    epilog="Example: python -m bench --quick --only parse --only ledger; python -m bench --only relay --onto"
    " bench/results/2026-11-22T2115.json"
)
@click.option(
    "--only", "names", multiple=True, type=click.Choice(list(SECTIONS)), help="Only this part; repeat for more"
)
@click.option(
    "--skip", "skipped", multiple=True, type=click.Choice(list(SECTIONS)), help="Everything but this part"
)
@click.option("--quick", is_flag=True, help="Fewer rounds, shorter runs, smaller tables; nothing is written")
@click.option("--soak-minutes", default=10.0, show_default=True, help="How long memory is watched")
@click.option("--stack", default="bench", show_default=True, help="Stack to measure on; its data is deleted")
@click.option("--write/--no-write", default=None, help="Whether to write results [default: unless --quick]")
@click.option(
    "--onto",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An earlier run's .json: what is measured now replaces that part of it",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON")
@click.option(
    "--machine", "only_machine", is_flag=True, help="Print how fast this machine is, and measure no more"
)
def main(
    names: tuple[str, ...],
    skipped: tuple[str, ...],
    quick: bool,
    soak_minutes: float,
    stack: str,
    write: bool | None,
    onto: Path | None,
    as_json: bool,
    only_machine: bool,
) -> None:
    """Measure Plaudit's stages beside their limits, all of it end to end, its latency, memory and growth.

    Run it on a machine that does nothing else. All of it takes about an hour; --quick about ten minutes.
    """
    console = Console(stderr=True, highlight=False)
    now = datetime.now(UTC)
    machine = this_machine()
    if only_machine:
        if as_json:
            click.echo(machine.model_dump_json(indent=2))
        else:
            report.show_machine(machine, Console(width=160))
        return
    if onto is not None:
        results = Results.model_validate_json(onto.read_text())
        if (results.machine.cpu, results.machine.core_count) != (machine.cpu, machine.core_count):
            raise click.UsageError(
                f"{onto} has the numbers of another machine ({results.machine.cpu}, {results.machine.core_count} "
                "cores): measure all of it anew, without --onto"
            )
    else:
        results = Results(
            date=now.isoformat(timespec="seconds"),
            quick=quick,
            machine=machine,
            input=messages.description(),
        )
    stem = onto.stem if onto is not None else now.strftime("%Y-%m-%dT%H%M")
    context = Context(stack, quick, min(soak_minutes, 1.0) if quick else soak_minutes, results, console.print)
    wanted = [name for name in (names or SECTIONS) if name not in skipped]
    if write is None:
        write = not quick

    def save(name: str) -> None:
        if onto is not None:
            results.again[name] = datetime.now(UTC).isoformat(timespec="minutes")
        if write:
            _write(results, stem)

    uvloop.run(_measure(context, wanted, console, save))
    if as_json:
        click.echo(results.model_dump_json(indent=2))
    else:
        report.show(results, Console(width=160))
    if results.failures:
        sys.exit(1)


async def _measure(context: Context, names: list[str], console: Console, save: Callable[[str], None]) -> None:
    try:
        for name in names:
            factor = measure().factor
            context.results.measured_at(factor)
            console.rule(f"{name}, on a machine of factor {factor:.2f}")
            context.results.failures.pop(name, None)  # of the run that this one goes onto
            try:
                await SECTIONS[name](context)
            except (TimeoutError, OSError, RuntimeError, ValueError, AssertionError, StackError) as error:
                # An hour's other measurements are not thrown away for this one.
                context.results.failures[name] = f"{type(error).__name__}: {error}"
                console.print_exception()
            save(name)
    finally:
        await context.reset()


def _write(results: Results, stem: str) -> None:
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{stem}.json").write_text(results.model_dump_json(indent=2) + "\n")
    if results.stages:
        picture.draw(results, folder / f"{stem}.svg")
    report.write_readme(results, HERE / "README.md")


if __name__ == "__main__":
    main()
