"""Sessions are opened by a sign-in, found by a cookie's secret, kept fresh, and ended."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from console.asking import Answer, Asking, Services, SessionOverError
from console.saved_views.store import delete_removed
from console.settings import Settings
from console.sign_in import store
from console.sign_in.domain import Session, moment, new_secret, secret_sha256
from console.sign_in.store import Database


class SignInRefusedError(Exception):
    """Ingest lets nobody in by that; `reason` is its problem's last word, or `unavailable`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sessions:
    """The sessions of this installation's console."""

    def __init__(self, database: Database, services: Services, settings: Settings) -> None:
        self.database = database
        self._services = services
        self._settings = settings

    async def sign_in(self, *, address: str, path: str | None = None, **how: Any) -> Session:
        """A new session by a link or an id token, as POST /v1/tokens takes it, for whoever comes from an address.

        Or by what a `path` of ingest takes that gives tokens by itself.

        Raises SignInRefusedError.
        """
        asking = Asking(self._services, address=address)
        issued = await (
            asking.post("ingest", path, b"")
            if path is not None
            else asking.post("ingest", "/v1/tokens", {**how, "renewable": True})
        )
        if not issued.ok:
            raise SignInRefusedError(
                "unavailable" if issued.is_down and issued.status != 401 else issued.problem_slug
            )
        said = issued.body
        holder = await self._holder(said["token"])
        now = datetime.now(UTC)
        session = Session(
            secret=new_secret(),
            community=said["community"],
            person_id=said["person_id"],
            member_id=said["member_id"],
            name=holder["name"],
            roles=tuple(holder["roles"]),
            scopes=tuple(holder["scopes"]),
            members=tuple(holder["members"]),
            token=said["token"],
            token_expires_at=moment(said["expires_at"]),
            renewal=said["renewal"],
            ends_at=moment(said["renewal_expires_at"]),
        )
        await self._add(session, now)
        return session

    async def find(self, secret: str) -> Session | None:
        """The session of a cookie's secret, with a token that lasts; None when there is none any more."""
        now = datetime.now(UTC)
        async with self.database.begin() as conn:
            stored = await store.find_session(conn, secret_sha256=secret_sha256(secret), now=now)
        session = None if stored is None else Session.opened(secret, stored.sealed)
        if stored is None or session is None:
            return None
        if session.needs_token(now):
            session = await self._renewed(session)
        rotates = timedelta(seconds=self._settings.rotate_seconds)
        if session is not None and not stored.is_replaced and stored.rotated_at + rotates <= now:
            return await self._rotated(session, now)
        return session

    async def end(self, secret: str) -> None:
        """End a session: its renewal is kept nowhere else."""
        async with self.database.begin() as conn:
            await store.delete_session(conn, secret_sha256=secret_sha256(secret))

    async def sweep(self) -> None:
        """Delete what has ended."""
        async with self.database.begin() as conn:
            await store.delete_ended(conn, now=datetime.now(UTC))
            await delete_removed(conn, now=datetime.now(UTC))

    async def _add(self, session: Session, now: datetime) -> None:
        async with self.database.begin() as conn:
            await store.add_session(
                conn,
                secret_sha256=secret_sha256(session.secret),
                sealed=session.sealed(),
                now=now,
                ends_at=session.ends_at,
            )

    async def _rotated(self, session: Session, now: datetime) -> Session:
        """The session under another secret; the old one lets in for a moment yet, for what is under way."""
        rotated = replace(session, secret=new_secret())
        until = now + timedelta(seconds=self._settings.replaced_seconds)
        async with self.database.begin() as conn:
            # Of several pages at once one rotates; the others go on with what they have.
            if not await store.set_replaced(conn, secret_sha256=secret_sha256(session.secret), ends_at=until):
                return session
            await store.add_session(
                conn,
                secret_sha256=secret_sha256(rotated.secret),
                sealed=rotated.sealed(),
                now=now,
                ends_at=session.ends_at,
            )
        return rotated

    async def _renewed(self, session: Session) -> Session | None:
        """The session with a further token; None, and ended, when ingest gives none any more."""
        issued: Answer = await Asking(self._services).post("ingest", "/v1/tokens", {"renewal": session.renewal})
        if not issued.ok:
            if issued.status is not None and issued.status < 500 and issued.problem_slug != "too-many-tries":
                await self.end(session.secret)
                return None
            # Ingest is away: what the token still opens, it opens.
            return session
        token = issued.body["token"]
        roles, scopes, members = session.roles, session.scopes, session.members
        # Where ingest went away in between, what they may do is as it was; services look it up all the same.
        with contextlib.suppress(SignInRefusedError):
            holder = await self._holder(token)
            roles, scopes, members = (tuple(holder[name]) for name in ("roles", "scopes", "members"))
        renewed = session.with_token(
            token, moment(issued.body["expires_at"]), roles=roles, scopes=scopes, members=members
        )
        async with self.database.begin() as conn:
            await store.set_sealed(conn, secret_sha256=secret_sha256(session.secret), sealed=renewed.sealed())
        return renewed

    async def _holder(self, token: str) -> Any:
        try:
            answer = await Asking(self._services, token).get("ingest", "/v1/key")
        except SessionOverError:
            raise SignInRefusedError("invalid-token") from None
        if not answer.ok:
            raise SignInRefusedError("unavailable")
        return answer.body
