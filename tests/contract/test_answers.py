"""What every answer of every API says about itself: it is what it says it is, and nobody keeps it."""

import importlib
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.service import describe
from shared.services import SERVICES
from tools.schemas import openapi_document

DOCUMENTS = ["/docs", "/redoc", "/openapi.json", "/static-offline-docs/swagger-ui.css"]


@pytest.fixture(params=SERVICES)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that has no connection yet, so that most routes fail with 500."""
    spec = importlib.import_module(f"services.{request.param}.main").SPEC
    transport = httpx.ASGITransport(describe(spec, spec.settings()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{request.param}") as opened:
        yield opened


def assert_private(answer: httpx.Response) -> None:
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"], answer
    assert answer.headers.get_list("cache-control") == ["no-store"], answer


async def test_no_answer_is_sniffed_or_kept(client: httpx.AsyncClient) -> None:
    service = client.base_url.host
    statuses = set()
    for path, methods in openapi_document(service)["paths"].items():
        for method in methods:
            answer = await client.request(method.upper(), path.replace("{", "").replace("}", ""))
            assert_private(answer)
            statuses.add(answer.status_code)
    answers = [
        await client.get("/nothing"),
        await client.delete("/livez"),
        await client.post("/v1/key", content=b"x", headers={"content-length": "9" * 18}),
        await client.post("/v1/key", content=b"x", headers={"content-encoding": "br"}),
    ]
    for answer in answers:
        assert_private(answer)
    assert [answer.status_code for answer in answers] == [404, 405, 413, 415]
    assert {200, 500} <= statuses


async def test_pages_of_documents_may_be_kept_and_are_not_sniffed(client: httpx.AsyncClient) -> None:
    for path in DOCUMENTS:
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "cache-control" not in answer.headers


async def test_no_answer_sends_anybody_to_the_host_that_was_asked(client: httpx.AsyncClient) -> None:
    """The Host header is the client's word; a redirect made of it leads where an attacker wants."""
    paths = [path for path in openapi_document(client.base_url.host)["paths"] if "{" not in path]
    for path in [*paths, "/docs", "/static-offline-docs"]:
        answer = await client.get(f"{path}/", headers={"host": "evil.example"})
        assert not answer.is_redirect, path
        assert "evil.example" not in str(answer.headers)
        assert answer.status_code == 404
