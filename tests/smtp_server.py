"""A mail server in a process of its own: it keeps what it takes, and does to some addresses what servers do.

`python -m tests.smtp_server FOLDER` writes its port to FOLDER/port and each message it takes to FOLDER/taken, a
line of JSON each. Of addresses it says: `nobody@…` that there is no such mailbox, `later@…` to come again,
`full@…` that the message is refused; at `silent@…` it takes the message and ends the connection without an answer.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session


class Kept:
    """What the server does with messages."""

    def __init__(self, taken: Path) -> None:
        self._taken = taken

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        user = address.partition("@")[0]
        if user == "nobody":
            return "550 5.1.1 There is nobody of that name here"
        if user == "later":
            return "451 4.3.0 Come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        user = envelope.rcpt_tos[0].partition("@")[0]
        if user == "full":
            return "554 5.7.1 Not that message"
        content = envelope.content
        text = content.decode() if isinstance(content, bytes) else str(content)
        line = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "content": text}
        with self._taken.open("a") as file:
            file.write(json.dumps(line) + "\n")
        if user == "silent":
            server.transport.abort()
        return "250 OK, kept"


async def serve(folder: Path) -> None:
    """Serve until the process is ended."""
    taken = folder / "taken"
    taken.touch()
    controller = UnthreadedController(Kept(taken), hostname="127.0.0.1", port=0, loop=asyncio.get_running_loop())
    controller.server_coro = controller._create_server()
    controller.server = await controller.server_coro
    port = controller.server.sockets[0].getsockname()[1]
    written = folder / "port.new"
    written.write_text(str(port))
    written.rename(folder / "port")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
