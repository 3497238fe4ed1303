"""Kinds of problem: each has one name, every error of a service has its kind, and who has no key takes nothing."""

import importlib
from collections import Counter
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from console.components.languages import LANGUAGES
from console.frame.problem_titles import TITLES
from shared.http import connected
from shared.services import SERVICES
from tests.contract.test_openapi import DELIVERED, HOOKED, LINKED, SIGNING_IN, VERIFIED, VISITED
from tools.problems import all_types
from tools.translations import catalogue

#: What takes a connection for a route.
TAKES = {connected._connection, connected._snapshot, connected._transaction}
#: What leaves an entry of a command in the audit, and waits while a service is fenced.
COMMANDED = {connected._transaction, connected._factory}


def routes(service: str) -> Iterator[APIRoute]:
    spec = importlib.import_module(f"services.{service}.main").SPEC
    for router in spec.routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield route


def test_a_kind_has_one_name_and_one_meaning() -> None:
    slugs = Counter(one.slug for _, one in all_types())
    assert [slug for slug, count in slugs.items() if count > 1] == []
    assert all(slug == slug.lower() and " " not in slug for slug in slugs)
    assert all(400 <= one.status < 600 for _, one in all_types())


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_pages_say_every_kind_of_problem_in_every_language(language: str) -> None:
    known = {message.id: message.string for message in catalogue(language)}

    assert len(all_types()) > 300
    unsaid = [one.slug for _, one in all_types() if not known.get(TITLES.get(one.slug, ""))]
    assert unsaid == [], "say it in console/frame/problem_titles.py, and translate it: make translations"
    assert set(TITLES) - {one.slug for _, one in all_types()} == set()


@pytest.mark.parametrize("service", SERVICES)
def test_the_key_is_checked_before_a_connection_is_taken(service: str) -> None:
    found = list(routes(service))
    assert found
    for route in found:
        order = [_role(one) for one in route.dependant.dependencies]
        # Who signs in has no key yet: the route looks at what they have before it takes a connection itself. Who
        # visits has none at all, and is counted before.
        is_delivered = route.path == DELIVERED and not route.methods.isdisjoint({"POST", "HEAD"})
        asks_nobody = (SIGNING_IN, HOOKED, *VISITED, *LINKED, *VERIFIED)
        assert ("caller" in order) == (route.path not in asks_nobody and not is_delivered), route.path
        if "connection" in order and route.path not in (*VISITED, *LINKED, *VERIFIED):
            assert order.index("caller") < order.index("connection"), route.path


@pytest.mark.parametrize("service", SERVICES)
def test_what_only_reads_leaves_no_entry_of_a_command(service: str) -> None:
    reading = [one for one in routes(service) if "GET" in (one.methods or ())]
    assert reading
    assert [
        one.path for one in reading if any(found.call in COMMANDED for found in one.dependant.dependencies)
    ] == []


def _role(dependant: Dependant) -> str:
    if dependant.call in TAKES:
        return "connection"
    return "caller" if getattr(dependant.call, "__qualname__", "").startswith("requires.") else "other"
