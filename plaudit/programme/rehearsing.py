"""A programme held to its cases, without a stack."""

import json
import subprocess
import sys
from pathlib import Path

import click

from plaudit.people import json_option
from plaudit.programme.asking import file_argument
from shared.contracts.texts import written_out

#: The engine is scoring's own: it runs as a process of its own, as all services do.
REHEARSAL = "services.scoring.rehearse"
SECONDS_MAX = 120


@click.command("test", epilog="Example: plaudit programme test programmes/open-source.yaml")
@json_option
@click.option(
    "--cases",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Events, and what has to come of them [default: tests/NAME beside the programme]",
)
@file_argument
def test_programme(file: Path, cases: Path | None, as_json: bool) -> None:
    """Say whether a programme gives what its cases expect, without publishing it and without a stack.

    The exit status is 0 where all cases come out as expected, 1 where one does not, and 2 for a mistake in a file.
    """
    cases = cases or file.parent / "tests" / file.name
    if not cases.is_file():
        raise click.BadParameter(f"there are no cases at {cases}; name them with --cases", param_hint="--cases")
    command = [sys.executable, "-m", REHEARSAL, str(file), str(cases)]
    try:
        ran = subprocess.run(command, capture_output=True, check=True, timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired as error:
        raise click.ClickException(f"the cases took more than {SECONDS_MAX} s; have fewer events") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").splitlines() or ["nothing was said"]
        raise click.ClickException(f"the engine ended: {written_out(lines[-1])}") from error
    found = json.loads(ran.stdout)
    if as_json:
        click.echo(json.dumps(found))
    if found["mistakes"]:
        for one in () if as_json else found["mistakes"]:
            place = f"{one['file']}, line {one['line']}, column {one['column']}: {one['field']}"
            click.echo(written_out(f"{place} {one['detail']}"), err=True)
        raise SystemExit(2)
    failed = [one for one in found["cases"] if not one["passed"]]
    if not as_json:
        for one in found["cases"]:
            click.echo(written_out(f"{'ok' if one['passed'] else 'NOT'}  line {one['line']}: {one['title']}"))
            for difference in one["differences"]:
                click.echo(written_out(f"       {difference}"))
        if found["rules_not_shown"]:
            click.echo(f"no case has these rules give anything: {', '.join(found['rules_not_shown'])}")
        click.echo(f"{len(found['cases']) - len(failed)} of {len(found['cases'])} cases as expected")
    if failed:
        raise SystemExit(1)
