"""clients/python: what is generated is what the APIs say, and it needs its HTTP client alone."""

import ast
import inspect
import json
import re
import tomllib

import httpx
import pytest
from plaudit_client import AsyncPlaudit, Plaudit, calls
from plaudit_client.apis.asynchronous import AsyncApis
from plaudit_client.apis.synchronous import Apis

from shared.services import SERVICES
from tools import client as tool

CLIENT = tool.ROOT / "clients" / "python"


def test_the_generated_part_is_what_the_apis_say():
    assert tool.stale(tool.ROOT) == [], tool.STALE


def test_it_imports_its_one_dependency_and_python_alone():
    wanted = {re.split(r"[<>=]", one)[0] for one in project()["dependencies"]}
    assert wanted == {"httpx"}
    imported = set()
    for path in (CLIENT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {one.name.split(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".")[0])
    python = {one for one in imported if one in __import__("sys").stdlib_module_names}
    assert imported - python == {"httpx", "plaudit_client"}


def project():
    return tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]


def methods_of(kind, service):
    api = getattr(kind(lambda asked: None), service)
    return {name: one for name, one in inspect.getmembers(api, inspect.ismethod) if not name.startswith("_")}


@pytest.mark.parametrize("service", SERVICES)
def test_every_public_operation_is_a_method_with_and_without_an_event_loop(service):
    document = json.loads((tool.ROOT / "schemas" / "openapi" / f"{service}.json").read_bytes())
    expected = sum(
        path not in tool.LEFT_OUT and (method, path) != tool.DELIVERY
        for path, methods in document["paths"].items()
        for method in methods
    )
    found = {name for name in methods_of(Apis, service) if not name.startswith("iter_")}
    assert len(found) == expected
    assert methods_of(Apis, service).keys() == methods_of(AsyncApis, service).keys()
    assert all(one.__doc__ for one in methods_of(Apis, service).values())


def asked_by(run):
    requests = []

    def answer(request):
        requests.append(request)
        return httpx.Response(200, json={"items": [], "next": None})

    with Plaudit("http://gateway/", "key", transport=httpx.MockTransport(answer)) as plaudit:
        run(plaudit)
    return requests


def test_an_operation_asks_what_its_document_says():
    [asked] = asked_by(lambda plaudit: plaudit.rewards.list_payouts(state="submitted", limit=3))
    assert (asked.method, str(asked.url)) == ("GET", "http://gateway/v1/payouts?state=submitted&limit=3")
    assert asked.headers["Authorization"] == "Bearer key"


def test_a_command_gets_a_key_so_that_it_may_be_tried_again():
    [asked] = asked_by(lambda plaudit: plaudit.rewards.post_redemption(member_id="m", reward_id="mug"))
    assert len(asked.headers["Idempotency-Key"]) == 36
    assert json.loads(asked.content) == {"member_id": "m", "reward_id": "mug"}
    [own] = asked_by(
        lambda plaudit: plaudit.rewards.post_redemption(member_id="m", reward_id="mug", idempotency_key="mine")
    )
    assert own.headers["Idempotency-Key"] == "mine"


def test_a_value_is_one_segment_of_a_path_whatever_it_holds():
    [asked] = asked_by(lambda plaudit: plaudit.rewards.get_payout("../v1/key?x#y"))
    assert asked.url.raw_path == b"/v1/payouts/..%2Fv1%2Fkey%3Fx%23y"
    with pytest.raises(ValueError, match="empty"):
        asked_by(lambda plaudit: plaudit.rewards.get_payout(""))


async def test_lists_are_read_to_their_end():
    pages = {None: (["a", "b"], "2"), "2": (["c"], None)}

    def answer(request):
        found, after = pages[request.url.params.get("after")]
        return httpx.Response(200, json={"items": found, "next": after})

    transport = httpx.MockTransport(answer)
    with Plaudit("http://gateway", "key", transport=transport) as plaudit:
        assert list(plaudit.rewards.iter_payouts(state="paid")) == ["a", "b", "c"]
    async with AsyncPlaudit("http://gateway", "key", transport=transport) as plaudit:
        assert [one async for one in plaudit.rewards.iter_payouts()] == ["a", "b", "c"]


def test_a_command_whose_answer_was_lost_is_asked_again_only_if_that_is_safe():
    def lost(request):
        raise httpx.ReadError("reset")

    transport = httpx.MockTransport(lost)
    with Plaudit("http://gateway", "key", transport=transport, retries=2, sleep=lambda seconds: None) as plaudit:
        with pytest.raises(Exception, match="its answer was lost"):
            plaudit.ingest.post_community(id="acme", title="Acme")
        with pytest.raises(Exception, match="after 3 attempts"):
            plaudit.rewards.post_redemption(member_id="m", reward_id="mug")


def test_larger_bodies_are_compressed_until_a_server_says_that_it_does_not_know_that():
    seen = []

    def old(request):
        seen.append("Content-Encoding" in request.headers)
        if seen[-1]:
            problem = {"type": "https://x/problems#unsupported-content-encoding", "title": "No"}
            return httpx.Response(415, json=problem)
        return httpx.Response(202, json={"receipt_id": "r", "accepted": 1, "rejected": []})

    event = {"id": "1", "source": "s", "text": "x" * calls.COMPRESSED_FROM_BYTES}
    with Plaudit("http://door", "key", transport=httpx.MockTransport(old)) as plaudit:
        plaudit.send([event])
        plaudit.send([event])
    assert seen == [True, False, False]
