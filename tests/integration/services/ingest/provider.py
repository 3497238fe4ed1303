"""An OpenID provider for tests of signing in, and the requests that they make."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.integration.services.ingest.conftest import Community

ISSUER = "https://login.example.org"
CLIENT = "plaudit-console"


class Provider:
    """An OpenID provider on loopback: it publishes its keys, and says who somebody is."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.fetched_count = 0
        self.body: bytes | None = None
        self.url = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Provider"]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
            yield self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.fetched_count += 1
        keys = json.dumps({"keys": [self.key.as_dict(private=False, alg="RS256", use="sig")]}).encode()
        body = keys if self.body is None else self.body
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    def id_token(self, *, key: Any = None, alg: str = "RS256", **claims: Any) -> str:
        now = int(datetime.now(UTC).timestamp())
        said = {"iss": ISSUER, "aud": CLIENT, "sub": "u1", "iat": now, "exp": now + 300} | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": alg, "kid": "one"}, said, key or self.key, algorithms=[alg])


async def link_of(community: Community, headers: dict[str, str], status: int = 201, **wanted: Any) -> Any:
    answer = await community.client.post("/v1/sign-in-links", json=wanted, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def sign_in(at: Community, status: int = 201, /, **how: Any) -> Any:
    answer = await at.client.post("/v1/tokens", json=how, headers={"Authorization": ""})
    assert answer.status_code == status, answer.text
    return answer.json()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def add_managed(community: Community, admin: dict[str, str], **more: Any) -> str:
    wanted = {"name": "Grace", "roles": ["manager"]} | more
    answer = await community.client.post(f"/v1/communities/{community.name}/people", json=wanted, headers=admin)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["person_id"])
