"""Messages to members by mail, beside a bare loop to the same server: `python -m bench.mail --stack NAME`.

A mail server in a process of its own takes mail. By turns it gets so many messages from a loop that hands the same
text over again and again on one connection, and from Plaudit, which takes them from ingest's database, writes each
in the community's words, seals its links, and notes what became of it. What counts is the ratio.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import uuid4

import asyncpg
import click

from plaudit.stack import load_state
from plaudit.stack.services import connections
from services.ingest.messages.domain.kinds import Channel
from services.ingest.messages.domain.messages import (
    Address,
    AddressState,
    Message,
    MessageState,
    message_id,
    unset,
)
from services.ingest.messages.handlers.composing import compose, write_mail
from services.ingest.messages.handlers.mail import Mailer
from services.ingest.messages.handlers.sealing import address_hash, seal_address
from services.ingest.messages.handlers.sending import send_due
from services.ingest.messages.store.messages import add_messages
from services.ingest.messages.store.reach import put_address
from services.ingest.settings import Settings
from shared.postgres import create_pool
from shared.transaction import Transaction, transaction

LIMIT_RATIO = 0.5
ROUNDS = 5
#: The messages are due then, and the turn is made as if it were: the stack's own ingest leaves them alone.
AHEAD = timedelta(days=1)


@click.command(epilog="Example: python -m bench.mail --stack default")
@click.option("--stack", default="default", show_default=True, help="A local stack that is up")
@click.option("--messages", "count", default=500, show_default=True, help="Messages in each turn")
def main(stack: str, count: int) -> None:
    """Send messages through Plaudit and by a bare loop, by turns; print the rates and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([sys.executable, "-m", "tests.smtp_server", folder])
        try:
            ratios = asyncio.run(_measure(stack, count, port=_port(Path(folder))))
        finally:
            server.kill()
            server.wait()
    ratio = median(ratios)
    click.echo(f"ratio {ratio:.2f} (of {min(ratios):.2f} to {max(ratios):.2f}); wanted at least {LIMIT_RATIO}")
    sys.exit(ratio < LIMIT_RATIO)


def _port(folder: Path) -> int:
    until = time.monotonic() + 30
    while not (folder / "port").exists():
        if time.monotonic() > until:
            raise click.ClickException("the mail server does not start")
        time.sleep(0.05)
    return int((folder / "port").read_text())


async def _measure(stack: str, count: int, *, port: int) -> list[float]:
    own = Settings(
        **connections(load_state(stack), "ingest")
        | {
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_tls": "none",
            "smtp_from": "hello@example.org",
            "public_url": "https://example.org",
        }
    )
    pool = await create_pool("ingest", own)
    try:
        member = await _member(pool, own)
        ratios = []
        for turn in range(ROUNDS):
            bare = count / await _bare(own, count)
            plaudit = count / await _plaudit(pool, own, member, count)
            ratios.append(plaudit / bare)
            click.echo(f"turn {turn + 1}: bare {bare:,.0f}/s, Plaudit {plaudit:,.0f}/s, ratio {ratios[-1]:.2f}")
        return ratios
    finally:
        await pool.close()


async def _member(pool: asyncpg.Pool, own: Settings) -> tuple[str, str]:
    community, member = f"mail-{uuid4().hex[:8]}", str(uuid4())
    address_id = str(uuid4())
    async with pool.acquire() as conn:
        await conn.execute(
            "insert into members (community, member_id, channel, first_seen_at, revision, name)"
            " values ($1, $2::text::uuid, 'forum', now(), 1, 'Ada')",
            community,
            member,
        )
        text = "ada@example.org"
        sealed = seal_address(own, text, community=community, of_id=address_id)
        hashed, now = address_hash(own, text, community=community), datetime.now(UTC)
        kept = Address(community, member, address_id, sealed, hashed, AddressState.CONFIRMED, now)
        await put_address(conn, address=kept)
    return community, member


def _messages(community: str, member: str, count: int) -> list[Message]:
    now = datetime.now(UTC) + AHEAD - timedelta(seconds=1)
    made = []
    for _ in range(count):
        request = str(uuid4())
        made.append(
            Message(
                community=community,
                message_id=message_id(request, Channel.MAIL),
                request_id=request,
                channel=Channel.MAIL,
                kind="badge",
                member_id=member,
                recipient_id=None,
                language=None,
                values={"title": "Ten accepted answers"},
                state=MessageState.WAITING,
                requested_at=now,
                due_at=now,
                expires_at=None,
                in_digest=False,
                tries_count=0,
            )
        )
    return made


async def _bare(own: Settings, count: int) -> float:
    [message] = _messages("bare", str(uuid4()), 1)
    composed = compose(message, settings=own, declared=None, templates={}, name="Ada", language="en")
    mail = write_mail(
        [composed],
        message=message,
        settings=own,
        own=unset("bare"),
        declared=None,
        to="ada@example.org",
        stop=None,
        at=message.due_at,
    )
    mailer = Mailer(own)
    begun = time.perf_counter()
    for _ in range(count):
        await mailer.hand_over(mail, sender=own.smtp_from, to="ada@example.org")
    took = time.perf_counter() - begun
    await mailer.close()
    return took


async def _plaudit(pool: asyncpg.Pool, own: Settings, member: tuple[str, str], count: int) -> float:
    async with pool.acquire() as conn:
        await add_messages(conn, messages=_messages(*member, count))

    @asynccontextmanager
    async def begin() -> AsyncIterator[Transaction[Settings]]:
        async with transaction(pool, service="ingest", settings=own, on_commit=lambda _: None) as tx:
            tx.now += AHEAD
            yield tx

    begun = time.perf_counter()
    await send_due(begin, float("inf"))
    took = time.perf_counter() - begun
    sent = await pool.fetchval("select count(*) from messages where community = $1 and state <> 'sent'", member[0])
    if sent:
        raise click.ClickException(f"{sent} messages were not sent")
    return took


if __name__ == "__main__":
    main()
