"""What senders' libraries write around and into an event, and what people call themselves: it counts, once."""

from typing import Any
from unicodedata import normalize

import orjson
import pytest

from tests.integration.services.ingest.conftest import BATCH_TYPE, EVENT, JSON, Community, event, problem
from tests.integration.services.ingest.test_bad_events import BINARY

pytestmark = pytest.mark.stack

TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01"
EXTENSIONS: dict[str, dict[str, Any]] = {
    "a trace": {"traceparent": TRACEPARENT, "tracestate": "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"},
    "Knative": {"knativearrivaltime": "2026-01-31T12:00:00.5Z", "knativehistory": "default-kn2; test"},
    "a partition key": {"partitionkey": "ada"},
    "a sequence": {"sequence": "42", "sequencetype": "Integer"},
    "a number": {"sampledrate": 30},
    "true": {"deprecated": True},
    "null": {"partitionkey": None, "subject": None, "dataschema": None},
    "names of ours": {"community": "other", "uid": "u", "member": "m", "receivedat": "now"},
    "a name near a short attribute that is there": {"uid": "1", "types": "a", "date": "2026-01-31"},
    "many": {f"x{number}": number for number in range(32)},
    "a long name and a long text": {"x" * 64: "y" * 8_192},
}


@pytest.mark.parametrize("name", EXTENSIONS)
async def test_extensions_are_allowed_and_no_content(community: Community, name: str) -> None:
    assert await community.outcomes(EVENT) == ["accepted"]
    assert await community.outcomes(EVENT | EXTENSIONS[name]) == ["duplicate"]
    # Beside an invalid one, where each event is read alone.
    taken = await community.post(EVENT | EXTENSIONS[name], 7)
    assert (taken["accepted"], [one["index"] for one in taken["rejected"]]) == (1, [1])
    assert (await community.receipt(taken["receipt_id"]))["counts"]["duplicate"] == 1


async def test_extensions_are_allowed_in_binary_mode(community: Community) -> None:
    headers = BINARY | {
        "ce-tracestate": "a=1",
        "ce-knativearrivaltime": "2026-01-31T12:00:00.5Z",
        "ce-mood": "good",
    }
    answer = await community.client.post("/v1/events", content=orjson.dumps(EVENT["data"]), headers=headers)
    assert answer.status_code == 202, answer.text
    await community.receipt(answer.json()["receipt_id"])
    assert await community.outcomes(EVENT) == ["duplicate"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'Application/JSON ; profile="x"',
        "application/vnd.forum+json",
        "text/json",
    ],
)
async def test_any_json_is_the_content_type_and_no_content(community: Community, content_type: str) -> None:
    assert await community.outcomes(EVENT | {"datacontenttype": content_type}) == ["accepted"]
    assert await community.outcomes(EVENT) == ["duplicate"]


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "source misspelt": ({"sorce": "x"}, "/sorce", "did you mean `source`?"),
    "subject misspelt": ({"subjct": "x"}, "/subjct", "did you mean `subject`?"),
    "letters exchanged": ({"tracepraent": TRACEPARENT}, "/tracepraent", "did you mean `traceparent`?"),
    "content type misspelt": ({"datacontentype": JSON}, "/datacontentype", "did you mean `datacontenttype`?"),
    "schema misspelt": ({"dataschma": "x"}, "/dataschma", "did you mean `dataschema`?"),
    "version misspelt": ({"specverson": "1.0"}, "/specverson", "did you mean `specversion`?"),
    "a capital": ({"partitionKey": "x"}, "/partitionKey", "lower-case letters and digits"),
    "a core attribute with a capital": ({"Subject": "x"}, "/Subject", "did you mean `subject`?"),
    "an underscore": ({"my_extension": "x"}, "/my_extension", "lower-case letters and digits"),
    "no name": ({"": "x"}, "/", "lower-case letters and digits"),
    "a name that is too long": ({"x" * 65: "x"}, f"/{'x' * 65}", "at most 64"),
    "a text that is too long": ({"mood": "x" * 8_193}, "/mood", "at most 8192"),
    "an object": ({"mood": {"a": 1}}, "/mood", "a text, a number or true or false"),
    "a list": ({"mood": [1]}, "/mood", "a text, a number or true or false"),
    "too many": ({f"x{number}": 1 for number in range(33)}, "", "at most 32"),
    "base64": ({"data_base64": "e30="}, "/data_base64", "lower-case letters and digits"),
    "text as content type": ({"datacontenttype": "text/plain"}, "/datacontenttype", "JSON"),
    "no content type": ({"datacontenttype": ""}, "/datacontenttype", "JSON"),
    "javascript": ({"source": "javascript:alert(1)"}, "/source", "javascript"),
    "javascript in capitals": ({"source": "JavaScript:alert(1)"}, "/source", "javascript"),
    "javascript after a blank": ({"source": " javascript:alert(1)"}, "/source", "URI"),
    "javascript with a tab": ({"source": "java\tscript:alert(1)"}, "/source", "URI"),
    "javascript with a zero-width space": ({"source": "java\u200bscript:alert(1)"}, "/source", "URI"),
    "data": ({"source": "data:text/html,x"}, "/source", "data"),
    "a blank source": ({"source": " "}, "/source", "URI"),
    "a source of an invisible blank": ({"source": "\u3164"}, "/source", "URI"),
    "a source with a blank": ({"source": "my forum"}, "/source", "URI"),
    "a source with a tag": ({"source": "<script>"}, "/source", "URI"),
    "a source of slashes": ({"source": "//"}, "/source", "it is a path, with no host"),
    "a source without its host": ({"source": "https://"}, "/source", "it has no host"),
    "a source that shows a source": ({"source": "view-source:x"}, "/source", "scheme view-source"),
    "a source whose host does not end": ({"source": "http://[::1"}, "/source", "its host or port is none"),
    "a source that asks": ({"source": "/openapi.json?x=1"}, "/source", "it is a path, with no host, query"),
    "a source with a direction": ({"source": "https://x\u202e"}, "/source", "URI"),
    "seconds as text": ({"time": "1790000000"}, "/time", "2026-01-31T12:00:00Z"),
    "milliseconds as text": ({"time": "1790000000000"}, "/time", "2026-01-31T12:00:00Z"),
    "a fraction of seconds as text": ({"time": "1790000000.25"}, "/time", "2026-01-31T12:00:00Z"),
    "seconds": ({"time": 1790000000}, "/time", ""),
    "1970": ({"time": "1970-01-21T17:13:20Z"}, "/time", "before 1990"),
    "one second too early": ({"time": "1989-12-31T23:59:59Z"}, "/time", "before 1990"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_cannot_be_meant_is_refused_by_name(community: Community, name: str) -> None:
    more, field, detail = REFUSED[name]
    taken = await community.post(event(1), EVENT | more, event(2))
    assert taken["accepted"] == 2, taken
    found = [(one["index"], one["field"]) for one in taken["rejected"]]
    assert found == [(1, field)], taken
    assert detail in taken["rejected"][0]["detail"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("tme", "time"), ("dta", "data"), ("typ", "type"), ("sorce", "source"), ("specverison", "specversion")],
)
async def test_a_required_attribute_that_is_misspelt_is_named(
    community: Community, wrong: str, right: str
) -> None:
    misspelt = {wrong if key == right else key: value for key, value in EVENT.items()}
    found = problem(await community.client.post("/v1/events", json=misspelt), 422)
    assert any(
        one["field"] == f"/{wrong}" and f"did you mean `{right}`?" in one["detail"] for one in found["errors"]
    )


URLS = [
    {"object": {"id": "t", "url": "javascript:alert(1)"}},
    {"in_reply_to": {"id": "t", "url": " JAVASCRIPT:alert(1)"}},
    {"object": {"id": "t", "url": "data:text/html,<script>"}},
    {"object": {"id": "t", "url": "https://x/\u202egnp.exe"}},
    {"object": {"id": "t", "url": "\u00a0"}},
]


@pytest.mark.parametrize("data", URLS)
async def test_an_address_that_is_a_script_is_refused(community: Community, data: dict[str, Any]) -> None:
    taken = await community.post(event(1), event(2, **data))
    assert taken["accepted"] == 1
    assert [one["field"].endswith("/url") for one in taken["rejected"]] == [True]


async def test_an_old_time_is_taken_when_the_sender_asks_for_it(community: Community) -> None:
    old = EVENT | {"time": "1985-01-31T12:00:00Z"}
    problem(await community.client.post("/v1/events", json=old), 422)
    answer = await community.client.post("/v1/events", json=old, headers={"Plaudit-Earliest-Year": "1985"})
    assert answer.status_code == 202, answer.text
    refused = await community.client.post(
        "/v1/events", json=old | {"time": "1984-12-31T12:00:00Z"}, headers={"Plaudit-Earliest-Year": "1985"}
    )
    assert "before 1985" in problem(refused, 422)["errors"][0]["detail"]


@pytest.mark.parametrize("year", ["", "soon", "-1", "0", "10000", "1985.5", "²"])
async def test_a_year_that_is_none_is_refused(community: Community, year: str) -> None:
    headers = {"Plaudit-Earliest-Year": year.encode("latin-1")}
    found = problem(await community.client.post("/v1/events", json=EVENT, headers=headers), 422)  # type: ignore[arg-type]
    assert found["errors"][0]["field"] == "Plaudit-Earliest-Year"


NAMES: dict[str, tuple[Any, str | None]] = {
    "null": (None, None),
    "nothing": ("", None),
    "blanks": (" \t\u00a0\u3000", None),
    "blanks that are letters": ("\u3164\u115f\u2800", None),
    "a direction": ("\u202e", None),
    "a line separator": ("\u2028", None),
    "a lone accent": ("\u0301", None),
    "a number": (7, None),
    "an object": ({"first": "Ada"}, None),
    "a new line": ("Ada\nLovelace", "Ada Lovelace"),
    "control characters": ("\x1b[2JAda\x00\x9b", "[2JAda"),
    "directions": ("\u202eAda\u2066\u200f L.", "Ada L."),
    "zero-width characters": ("\ufeffA\u200bd\u00ada\u2060", "Ada"),
    "outer blanks": ("  Ada\u3000", "Ada"),
    "decomposed": (normalize("NFD", "Zoë"), "Zoë"),
    "201 characters": ("x" * 201, "x" * 200),
    "201 with an accent at the edge": ("x" * 199 + "e\u0302\u0323", "x" * 199 + "\u1ec7"),
    "families at the edge": ("x" * 198 + "\U0001f468\u200d\U0001f469\u200d\U0001f467", "x" * 198),
    "a flag at the edge": ("x" * 199 + "\U0001f1f3\U0001f1f1", "x" * 199),
    "one letter under a thousand accents": ("x" + "\u0335" * 1_000, None),
    "a family": ("Ada \U0001f469\u200d\U0001f4bb \u2764\ufe0f", "Ada \U0001f469\u200d\U0001f4bb \u2764\ufe0f"),
    "Persian": (
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ),
}


@pytest.mark.parametrize("name", NAMES)
async def test_no_event_is_lost_for_a_name(community: Community, name: str) -> None:
    said, shown = NAMES[name]
    author = {"object": {"id": "t", "author": {"id": "bob", "name": said}}}
    one = event(1, **author)
    one["data"]["actor"]["name"] = said
    assert await community.outcomes(one) == ["accepted"]
    assert [member["name"] for member in await community.members()] == [shown, shown]


async def test_a_name_that_cannot_be_shown_leaves_the_one_there_was(community: Community) -> None:
    await community.outcomes(event(1, "ada", "Ada"), event(2, "ada", "\u202e"))
    assert [member["name"] for member in await community.members()] == ["Ada"]


async def test_words_of_a_platform_are_cleaned_too(community: Community) -> None:
    reaction = event(1, channel="chat", reaction=" \u2764\ufe0f\u202e\n") | {"type": "chat.reaction.v1"}
    clean = reaction | {"data": reaction["data"] | {"reaction": "\u2764\ufe0f"}}
    assert await community.outcomes(reaction, clean) == ["accepted", "duplicate"]
    taken = await community.post(event(2), reaction | {"data": reaction["data"] | {"reaction": "\u202e"}})
    assert [one["field"] for one in taken["rejected"]] == ["/data/reaction"]


SPELLINGS = {
    "as it is": "zoë",
    "a blank before": " zoë",
    "blanks after": "zoë \u00a0\u3000",
    "a zero-width space": "zo\u200bë",
    "a byte order mark": "\ufeffzoë",
    "a soft hyphen and a joiner": "z\u00ado\u200dë",
    "decomposed": normalize("NFD", "zoë"),
}


async def test_one_person_however_the_id_is_spelt(community: Community) -> None:
    events = [event(number, spelling) for number, spelling in enumerate(SPELLINGS.values())]
    events.append(event(9, "bob", object={"id": "t", "author": {"id": SPELLINGS["decomposed"]}}))
    await community.outcomes(*events)
    identities = [member["identities"] for member in await community.members()]
    assert sorted(one["id"] for member in identities for one in member) == ["bob", "zoë"]


async def test_one_person_however_the_id_is_declared(community: Community) -> None:
    await community.outcomes(event(1, "zoë"))
    for spelling in SPELLINGS.values():
        body = {"identities": [{"channel": "forum", "id": spelling}, {"channel": "chat", "id": " U1"}]}
        answer = await community.client.put("/v1/members/identities", json=body)
        assert answer.json()["identities"] == [
            {"channel": "chat", "host": None, "id": "U1"},
            {"channel": "forum", "host": None, "id": "zoë"},
        ]
        asked = await community.client.get("/v1/members", params={"channel": "forum", "id": spelling})
        assert [one["member_id"] for one in asked.json()["items"]] == [answer.json()["member_id"]]
    assert len(await community.members()) == 1


@pytest.mark.parametrize(
    ("channel", "first", "second", "people"),
    [
        ("survey", "Grace@Example.org", "grace@example.org", 1),
        ("support", "GRACE@EXAMPLE.ORG", "grace@example.org", 1),
        ("social", "@Ada@Social.Example", "@ada@social.example", 1),
        ("social", "UCabc", "ucABC", 2),
        ("support", "0035A00003abcDE", "0035A00003abcde", 2),
        ("forum", "Ada", "ada", 2),
        ("chat", "U1abc", "u1ABC", 2),
        ("chat", "@Ada:example.org", "@ada:example.org", 2),
    ],
)
async def test_case_counts_but_where_a_channel_is_known_not_to_mind(
    community: Community, channel: str, first: str, second: str, people: int
) -> None:
    await community.outcomes(event(1, first, channel=channel), event(2, second, channel=channel))
    assert len(await community.members()) == people


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://forum.example.org", "https://forum.example.org/"),
        ("https://forum.example.org/t/12", "https://forum.example.org/t/12/"),
        ("/forum", "/forum//"),
        ("urn:forum", "urn:forum/"),
        ("https://forum.example.org/gr\u00fc\u00dfe", "https://forum.example.org/gru\u0308\u00dfe"),
    ],
)
async def test_one_source_with_and_without_a_slash_at_its_end(community: Community, one: str, other: str) -> None:
    assert await community.outcomes(EVENT | {"source": one}, EVENT | {"source": other}) == [
        "accepted",
        "duplicate",
    ]
    taken_back = EVENT | {
        "id": "back",
        "type": "activity.retracted.v1",
        "data": {"channel": "forum", "actor": {"id": "ada"}, "target": {"source": other, "id": " post-1"}},
    }
    same = taken_back | {"data": taken_back["data"] | {"target": {"source": one, "id": "post-1"}}}
    assert await community.outcomes(taken_back, same) == ["accepted", "duplicate"]


@pytest.mark.parametrize("source", ["/", "https://x/?q=/", "https://x/#/", "file:///"])
async def test_a_slash_that_is_all_there_is_stays(community: Community, source: str) -> None:
    assert await community.outcomes(EVENT | {"source": source}) == ["accepted"]


async def test_one_event_however_its_id_is_spelt(community: Community) -> None:
    events = [event(1, "ada") | {"id": spelling} for spelling in SPELLINGS.values()]
    assert await community.outcomes(*events) == ["accepted"] + ["duplicate"] * (len(events) - 1)


async def test_a_spelling_beside_an_invalid_event_is_read_alike(community: Community) -> None:
    batch = [event(1, " zoë", " Zoë\n") | {"source": f"{EVENT['source']}/", "sequence": "1"}, 7]
    answer = await community.client.post(
        "/v1/events", content=orjson.dumps(batch), headers={"content-type": BATCH_TYPE}
    )
    await community.receipt(answer.json()["receipt_id"])
    assert await community.outcomes(event(1, "zoë", "Zoë")) == ["duplicate"]
