"""What pages say of roles, scopes and commands is said of every one that there is."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.asking import Answer
from console.components.languages import Writer, translations, zone
from console.frame.navigation import GROUPS, WORK, groups_for, home_of, may_open
from console.pages.audit.fields import changes
from console.pages.audit.words import COMMANDS, where
from console.pages.community.forms import change, errors_of, filled
from console.pages.dead_letters.routes import _readable
from console.pages.keys.scopes import SCOPES
from console.pages.ledger.words import TRANSFERS
from console.pages.messages.words import KINDS
from console.pages.parts.routes import Part
from console.pages.people.roles import ROLES
from console.pages.programme.routes import in_force
from console.sign_in.domain import Session
from services.ingest.messages.domain.kinds import KINDS as SENT
from services.rewards.costs.domain import CHARGED, TAKEN_BACK
from services.rewards.write_offs.domain import OWED_AGAIN, WRITTEN_OFF
from shared.access_keys import Role, Scope, scopes_of
from shared.reports.building import ITEMS

DOCS = Path(__file__).parents[3] / "docs"
WRITE = Writer("en", zone("Europe/Rome"))
ENTRY: dict[str, Any] = {
    "kind": "command",
    "member_id": None,
    "object": {"kind": "key", "id": "5f0c"},
    "before": None,
    "after": None,
}
COMMUNITY: dict[str, Any] = {
    "title": "Acme",
    "calendar": [{"since": None, "time_zone": "UTC", "week_start": "monday"}],
    "currency": "EUR",
    "languages": ["en"],
    "look": {"name": "Acme", "colours": None, "logo_png": "iVBO"},
    "public": ["boards"],
    "review_policy": {"publishing": "one_person", "backtest": False},
    "retention": {"texts_days": 365, "rejected_days": 30},
    "bots": ["*[bot]"],
}


def test_every_role_scope_and_command_has_its_words() -> None:
    assert set(ROLES) == set(map(str, Role))
    assert set(SCOPES) == set(map(str, Scope))
    table = (DOCS / "audit.md").read_text().partition("## Commands")[2].partition("\n## ")[0]
    assert set(COMMANDS) == set(re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE))


def test_pages_are_for_whoever_has_a_scope_that_there_is() -> None:
    assert {link.scope for group in GROUPS for link in group.links} - {None} <= set(map(str, Scope))
    assert all(len(group.links) <= 7 for group in GROUPS)


@pytest.mark.parametrize("language", ["en", "it"])
def test_no_two_links_of_the_navigation_are_called_the_same(language: str) -> None:
    said = [translations(language).ugettext(link.title) for group in GROUPS for link in group.links]

    assert [one for one in said if said.count(one) > 1] == []


def test_every_kind_of_message_has_its_words_and_so_its_page() -> None:
    assert set(KINDS) == set(SENT)


def signed_in(role: Role) -> Session:
    later = datetime.now(UTC) + timedelta(hours=1)
    scopes = tuple(map(str, scopes_of([role], "acme")))
    return Session("s", "acme", "p", None, "Ada", (role,), scopes, "t", later, "r", later)


@pytest.mark.parametrize(
    ("role", "home", "first"),
    [
        (Role.MANAGER, "/scorecard", "Insight"),
        (Role.FINANCE_MAKER, "/payout-runs", "Finance"),
        (Role.FINANCE_APPROVER, "/waiting", "Finance"),
        (Role.OPERATOR, "/pipeline", "Operation"),
        (Role.MODERATOR, "/guidelines", "Keep it fair"),
        (Role.ADMINISTRATOR, "/waiting", "Community"),
    ],
)
def test_somebody_begins_where_their_work_is_and_its_groups_come_first(role: Role, home: str, first: str) -> None:
    session = signed_in(role)

    assert home_of(session) == home
    assert next(group.title for group in groups_for(session) if group.title) == first
    assert {name for work in WORK for name in work.groups} <= {group.title for group in GROUPS}


def test_what_somebody_may_not_open_is_no_link_to_them() -> None:
    finance, manager = signed_in(Role.FINANCE_MAKER), signed_in(Role.MANAGER)

    assert may_open(finance, "/payout-runs/1234#held")
    assert not may_open(finance, "/guidelines")
    assert may_open(manager, "/guidelines?state=open")
    assert not may_open(manager, "/payout-runs/1234")
    assert not may_open(signed_in(Role.ADMINISTRATOR), "/figures/points?days=7")
    assert may_open(None, "/c/acme/rules")
    assert not may_open(None, "/members/1234")


def test_an_entry_says_what_changed_in_words_for_people() -> None:
    entry = ENTRY | {
        "before": {"roles": ["manager"], "state": "open"},
        "after": {
            "roles": ["manager", "operator"],
            "state": "open",
            "expires_at": "2026-11-26T12:00:00Z",
            "is_new": True,
            "sum": "a" * 64,
        },
    }
    assert [tuple(one) for one in changes(entry, WRITE, str.upper)] == [
        ("ROLES", "roles", "MANAGER", "MANAGER, OPERATOR"),
        ("EXPIRES AT", "expires_at", None, "26 Nov 2026, 13:00:00"),
        ("IS NEW", "is_new", None, "YES"),
        # What no handler of ours says any more keeps its name.
        ("sum", "sum", None, "aaaaaaaa…aaaa"),
    ]


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        (ENTRY, "/keys/5f0c"),
        (ENTRY | {"object": {"kind": "programme", "id": "x"}, "after": {"version": 3}}, "/programme/3"),
        (ENTRY | {"object": {"kind": "token", "id": "x"}}, None),
        (ENTRY | {"kind": "read", "object": {"kind": "list", "id": "GET /v1/members"}}, None),
        (ENTRY | {"kind": "read", "member_id": "m"}, "/explorer/m"),
        (ENTRY | {"object": {"kind": "payout_run", "id": "r"}}, "/payout-runs/r"),
        (ENTRY | {"object": {"kind": "redemption", "id": "d"}}, "/redemptions/d"),
    ],
)
def test_an_entry_leads_to_what_it_was_done_to(entry: dict[str, Any], path: str | None) -> None:
    assert where(entry, lambda _: True) == path


def test_no_entry_leads_where_its_reader_may_not_go() -> None:
    assert where(ENTRY, lambda scope: scope != "keys:write") is None


def test_a_form_sent_as_it_was_shown_changes_nothing() -> None:
    assert change(filled(COMMUNITY), COMMUNITY) == {}


def test_of_a_form_only_what_is_different_is_changed() -> None:
    form = filled(COMMUNITY) | {"languages": " it , en", "background": "#FFFFFF", "text": "#000000", "accent": ""}
    form |= {"public-boards": "", "public-names": "yes", "texts_days": "10", "bots": "*[bot]\n renovate* \n"}
    assert change(form, COMMUNITY) == {
        "languages": ["it", "en"],
        "bots": ["*[bot]", "renovate*"],
        "public": ["names"],
        "retention": {"texts_days": 10, "rejected_days": 30},
        "look": {
            "name": "Acme",
            "colours": {"background": "#ffffff", "text": "#000000", "accent": ""},
            "logo_png": "iVBO",
        },
    }
    assert change(filled(COMMUNITY) | {"remove_logo": "yes"}, COMMUNITY)["look"]["logo_png"] is None
    with pytest.raises(ValueError, match="invalid literal"):
        change(filled(COMMUNITY) | {"texts_days": "many"}, COMMUNITY)


def test_a_zone_that_is_still_to_come_is_not_taken_back_by_saving() -> None:
    later = {"since": "2030-01-01T00:00:00Z", "time_zone": "Europe/Rome", "week_start": "sunday"}
    community = COMMUNITY | {"calendar": [*COMMUNITY["calendar"], later]}
    assert filled(community)["time_zone"] == "Europe/Rome"
    assert change(filled(community), community) == {}


def test_an_error_stands_by_its_field() -> None:
    problem = {
        "errors": [
            {"field": "/look/colours", "detail": "too near"},
            {"field": "/languages/1", "detail": "unknown"},
            {"field": "/elsewhere", "detail": "?"},
        ]
    }
    assert errors_of(problem) == {"background": "too near", "languages": "unknown"}
    assert errors_of({}) == {}


def test_the_version_in_force_is_the_newest_published_that_has_begun() -> None:
    now = datetime.now(UTC)
    versions = [
        {"version": 4, "state": "proposed", "effective_from": None},
        {"version": 3, "state": "published", "effective_from": (now + timedelta(hours=1)).isoformat()},
        {"version": 2, "state": "published", "effective_from": (now - timedelta(hours=1)).isoformat()},
        {"version": 1, "state": "published", "effective_from": (now - timedelta(hours=2)).isoformat()},
    ]
    assert (in_force(versions) or {})["version"] == 2
    assert in_force(versions[:2]) is None


def test_a_part_is_ready_waits_or_is_down() -> None:
    waits = Answer("scoring", 503, {"ready": False, "missing": ["the broker"], "version": "1"})
    assert Part.of(waits)[:5] == ("scoring", True, False, ["the broker"], "1")
    assert Part.of(Answer("scoring", None))[:3] == ("scoring", False, False)
    assert Part.of(Answer("scoring", 502, None))[:3] == ("scoring", False, False)


@pytest.mark.parametrize(
    "said", ["2026-99-99T99:99:99Z", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00"]
)
def test_what_looks_like_a_moment_and_is_none_breaks_no_page(said: str) -> None:
    """Somebody called a key so, and nobody could read the audit log any more."""
    assert changes({**ENTRY, "after": {"name": said}}, WRITE, str) == [("name", "name", None, said)]


def test_a_record_is_read_however_deeply_it_is_nested() -> None:
    deep = "[" * 400 + "]" * 400
    assert _readable({"value": deep, "value_base64": ""}) == deep
    assert _readable({"value": '{"a":1}', "value_base64": ""}) == '{\n  "a": 1\n}'
    assert _readable({"value": "[" * 4000, "value_base64": ""}) == "[" * 4000
    assert _readable({"value": None, "value_base64": "AA=="}) == "AA=="


def test_what_corrects_an_earlier_month_and_what_merges_book_has_words() -> None:
    corrects = {"amendment", "journal", "redemption_refunded", CHARGED, TAKEN_BACK, WRITTEN_OFF, OWED_AGAIN}
    assert corrects <= ITEMS.keys()
    assert {"merge", "unmerge", CHARGED, TAKEN_BACK, WRITTEN_OFF, OWED_AGAIN} <= TRANSFERS.keys()
