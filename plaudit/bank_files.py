"""`plaudit payout-runs file`: a run's bank file, once it may leave."""

import time
from pathlib import Path

import click
import httpx

from plaudit.calls import REQUEST_SECONDS, Refused, trusted_certificates
from plaudit.places import ADMIN_KEY, COMMUNITY, KEY, URL, Where, where_options
from plaudit.stack.logs import open_private
from shared.contracts.texts import written_out

WAIT_SECONDS = 60.0
PAUSE_SECONDS = 2.0
NOT_TOLD_YET = "urn:plaudit:problem:bank-file-not-told-yet"


@click.command("file", epilog="Example: plaudit payout-runs file 5ea96c72-334c-587d-89c3-d177db83474e payouts.xml")
@where_options(URL, KEY, ADMIN_KEY, COMMUNITY)
@click.argument("run", type=click.UUID)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=WAIT_SECONDS,
    show_default=True,
    help="Seconds to wait until the broker has what was told of the run",
)
def file_command(where: Where, run: str, file: Path, wait_seconds: float) -> None:
    """Fetch the bank file of RUN, which is written already, into FILE, which only you can read.

    It is given out once the broker has every fact of the run: until then a restore of the database would forget
    that it had left. Waits for that, and says so.
    """
    if file.exists():
        raise click.ClickException(f"{file} is there already: name another, or take it away")
    place = where.place()
    with place.access("plaudit payout-runs file", ("payouts:read",), ("rewards",)) as key:
        content = bank_file(place.url("rewards"), key, str(run), wait_seconds=wait_seconds)
    try:
        with open_private(file, append=False) as out:
            out.write(content)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"written to {written_out(str(file))}", err=True)


def bank_file(url: str, key: str, run: str, *, wait_seconds: float = WAIT_SECONDS) -> bytes:
    """A run's bank file from rewards at `url`; waits, and says so, while it is kept back.

    Raises Refused when rewards answers with anything else, or still keeps it back after `wait_seconds`.
    """
    until = time.monotonic() + wait_seconds
    is_said = False
    while True:
        try:
            headers = {"Authorization": f"Bearer {key}"}
            answer = httpx.get(
                f"{url}/v1/payout-runs/{run}/file",
                headers=headers,
                timeout=REQUEST_SECONDS,
                verify=trusted_certificates(),
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise click.ClickException(f"{url} does not answer: {error}") from error
        if answer.is_success:
            return answer.content
        if not _is_kept_back(answer) or time.monotonic() >= until:
            raise Refused(answer)
        if not is_said:
            click.echo(f"waiting: {written_out(str(answer.json().get('detail', '')))}", err=True)
            is_said = True
        time.sleep(min(PAUSE_SECONDS, max(0.0, until - time.monotonic())))


def _is_kept_back(answer: httpx.Response) -> bool:
    try:
        return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and answer.json()["type"] == NOT_TOLD_YET
    except (ValueError, KeyError, TypeError):
        return False
