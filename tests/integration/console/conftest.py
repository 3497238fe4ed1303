"""The console at work on a real ingest; the other four services are away, as their parts of pages then say."""

import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from console.main import running as running_console
from console.settings import Settings as ConsoleSettings
from plaudit.stack.services import connections
from services.ingest.main import SPEC
from services.ingest.settings import Settings
from shared.postgres import database_url
from shared.services import CONSOLE
from tests.integration.services.process import running
from tests.integration.services.world import add_person, authorization
from tests.waiting import until

CLIENT = "plaudit-console"
COMMUNITY = f"console-{uuid4().hex[:8]}"
FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


def free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The issuer of an OpenID provider, a process of its own from a package."""
    port = free_port()
    claims = '{"sub": "grace", "email": "grace@example.org", "email_verified": true}'
    argv = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--user-claims", claims]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
async def ingest(stack: Any, provider: str) -> AsyncIterator[Any]:
    async with httpx.AsyncClient(timeout=60) as client:

        async def answers() -> bool:
            try:
                return (await client.get(f"{provider}/.well-known/openid-configuration")).is_success
            except httpx.HTTPError:
                return False

        await until(answers)
    settings = Settings(
        **stack.settings("ingest"),
        key_cache_seconds=0.05,
        sign_in_tries_max_per_minute=10_000,
        links_max_per_minute=10_000,
        oidc_issuer=provider,
        oidc_client_id=CLIENT,
        oidc_keys_url=f"{provider}/jwks",
    )
    async with running(SPEC, settings) as parts:
        yield parts


@dataclass
class Site:
    """The console of a test, and the ingest that it asks."""

    url: str
    ingest: Any
    database: asyncpg.Pool
    community: str = COMMUNITY

    @asynccontextmanager
    async def browser(self, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser without script: it keeps cookies and follows nothing by itself."""
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60) as client:
            yield client

    async def person(self, *roles: str, community: str = COMMUNITY) -> str:
        return await add_person(self.ingest.pool, community, *roles)

    async def link(self, person_id: str, community: str = COMMUNITY) -> str:
        """The secret of a link that signs a person in."""
        headers = await authorization(self.ingest.pool, community, "sign_in:write", "keys:write")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.ingest.http.port}", timeout=60) as client:
            made = await client.post("/v1/sign-in-links", json={"person_id": person_id}, headers=headers)
        assert made.status_code == 201, made.text
        return str(made.json()["link"])

    async def sign_in(self, browser: httpx.AsyncClient, *roles: str, community: str = COMMUNITY) -> str:
        """Sign a new person in, as somebody would: open the link, press the button. Returns their id."""
        person_id = await self.person(*roles, community=community)
        await browser.get("/sign-in/link", params={"k": await self.link(person_id, community)})
        answer = await submit(browser, "/sign-in/link")
        assert answer.status_code == 303, answer.text
        return person_id


async def submit(
    browser: httpx.AsyncClient, page: str, action: str | None = None, **fields: str
) -> httpx.Response:
    """Fill in the form of a page and send it."""
    shown = await browser.get(page)
    token = FORM_TOKEN.search(shown.text)
    assert token is not None, shown.text
    return await browser.post(action or page, data={"form_token": token[1], **fields})


@asynccontextmanager
async def console(stack: Any, ingest: Any, **settings: Any) -> AsyncIterator[Site]:
    """A console of its own, on the stack's database for consoles."""
    port = free_port()
    nowhere = f"http://127.0.0.1:{free_port()}"
    wanted = {
        **connections(stack.state, CONSOLE),
        **{f"{service}_url": nowhere for service in ("scoring", "recognition", "rewards", "analytics")},
        "ingest_url": f"http://127.0.0.1:{ingest.http.port}",
        "console_url": f"http://127.0.0.1:{port}",
        "http_port": port,
        "ask_seconds": 10.0,
        **settings,
    }
    admin = database_url(stack.state.postgres_admin_url, "plaudit_console")
    async with running_console(ConsoleSettings(**wanted)), asyncpg.create_pool(admin, min_size=1) as pool:
        yield Site(wanted["console_url"], ingest, pool)


@pytest.fixture(scope="module")
async def site(stack: Any, ingest: Any, provider: str) -> AsyncIterator[Site]:
    async with console(
        stack,
        ingest,
        oidc_issuer=provider,
        oidc_client_id=CLIENT,
        oidc_client_secret="any",
        console_community=COMMUNITY,
    ) as made:
        yield made
