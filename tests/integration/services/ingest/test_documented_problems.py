"""What the API's page shows as the answer to a mistake in POST /v1/events is what the mistake is answered with."""

from typing import Any

import pytest

from services.ingest.events.api.documents import EVENTS_OPERATION
from shared.settings import ServiceSettings
from tests.integration.services.ingest.conftest import EVENT, JSON, Community, problem
from tests.integration.services.world import authorization

pytestmark = pytest.mark.stack

WITHOUT_ACTOR = EVENT | {"data": {"channel": "forum"}}


def documented(status: int, slug: str) -> dict[str, Any]:
    answer = EVENTS_OPERATION["responses"][str(status)]["content"]["application/problem+json"]
    example: dict[str, Any] = answer["examples"][slug]["value"]
    return example


@pytest.mark.parametrize(
    ("status", "slug", "request_of"),
    [
        (400, "malformed-json", {"content": b"{", "headers": {"content-type": JSON}}),
        (401, "missing-access-key", {"json": EVENT, "headers": {"authorization": ""}}),
        (401, "unknown-access-key", {"json": EVENT, "headers": {"authorization": "Bearer plk_nobody_s"}}),
        (413, "too-many-events", {"json": [EVENT] * 1001}),
        (413, "request-too-large", {"content": b" " * (ServiceSettings().body_max_bytes + 1)}),
        (415, "unsupported-content-type", {"content": b"{}", "headers": {"content-type": "text/plain"}}),
        (415, "unsupported-content-encoding", {"content": b"{}", "headers": {"content-encoding": "br"}}),
        (422, "empty-batch", {"json": []}),
        (422, "no-valid-event", {"json": WITHOUT_ACTOR}),
        (422, "invalid-request", {"json": EVENT, "params": {"wait": "x"}}),
    ],
)
async def test_the_example_is_the_answer(
    community: Community, status: int, slug: str, request_of: dict[str, Any]
) -> None:
    answer = await community.client.post("/v1/events", **request_of)
    assert problem(answer, status) == documented(status, slug)


async def test_the_example_of_a_key_without_the_scope_is_the_answer(community: Community) -> None:
    headers = await authorization(community.pool, community.name, "receipts:read")
    answer = await community.client.post("/v1/events", json=EVENT, headers=headers)
    assert problem(answer, 403) == documented(403, "missing-scope")


async def test_the_example_of_another_method_is_the_answer(community: Community) -> None:
    assert problem(await community.client.get("/v1/events"), 405) == documented(405, "method-not-allowed")
