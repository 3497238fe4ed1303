"""Mail: one connection to the server, kept while there is something to send.

What the server has not begun to take may be tried again. Between handing over a message's last line and the answer
nobody knows: that is said apart.
"""

import ssl
from enum import StrEnum
from typing import NamedTuple

import aiosmtplib

from services.ingest.settings import Settings


class Handed(StrEnum):
    """What became of handing a message over."""

    TAKEN = "taken"
    REFUSED_ADDRESS = "refused_address"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"
    GONE = "gone"


class Answer(NamedTuple):
    """What the server said, and for how long it wants to be left alone."""

    handed: Handed
    said: str | None = None
    again_seconds: float = 0.0


SAID_MAX_CHARS = 300


class Mailer:
    """Hands mail to the server of the settings. Not for several tasks at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: aiosmtplib.SMTP | None = None

    async def hand_over(self, message: bytes, *, sender: str, to: str) -> Answer:
        """Hand one message over; say what became of it."""
        try:
            client = await self._connected()
            await client.mail(sender)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            await self.close()
            return Answer(Handed.LATER, _said(error))
        try:
            await client.rcpt(to)
        except aiosmtplib.SMTPRecipientRefused as error:
            await self._reset()
            is_final = 500 <= error.code < 600
            return Answer(Handed.REFUSED_ADDRESS if is_final else Handed.LATER, _said(error))
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            await self.close()
            return Answer(Handed.LATER, _said(error))
        try:
            _, said = await client.data(message)
        except aiosmtplib.SMTPDataError as error:
            await self._reset()
            return Answer(Handed.REFUSED if error.code >= 500 else Handed.LATER, _said(error))
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            await self.close()
            return Answer(Handed.UNKNOWN, _said(error))
        return Answer(Handed.TAKEN, said[:SAID_MAX_CHARS])

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        own = self._settings
        client = aiosmtplib.SMTP(
            hostname=own.smtp_host,
            port=own.smtp_port,
            username=own.smtp_user or None,
            password=own.smtp_password or None,
            use_tls=own.smtp_tls == "tls",
            start_tls=own.smtp_tls == "starttls",
            tls_context=None if own.smtp_tls == "none" else ssl.create_default_context(),
            timeout=own.smtp_seconds,
        )
        await client.connect()
        await client.ehlo()
        self._client = client
        return client

    async def _reset(self) -> None:
        try:
            if self._client is not None:
                await self._client.rset()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            await self.close()

    async def close(self) -> None:
        """Leave the server."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:SAID_MAX_CHARS] or type(error).__name__
