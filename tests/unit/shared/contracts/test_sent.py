"""What is plain is taken as it is: what pydantic alone lets through is what putting it right would have left."""

from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from shared.contracts.activities import ACTIVITY_ADAPTER, faults
from shared.contracts.activities.sent import (
    PLAIN,
    PLAIN_ADDRESS,
    PLAIN_SOURCE,
    SentId,
    SentLabel,
    SentName,
    SentSource,
    SentUri,
)
from shared.contracts.channels import ID_RULES, compared_id, compared_plain_id
from shared.contracts.fields import Channel
from shared.contracts.texts import plain_id, shown_name
from shared.published.export import EVENT_EXAMPLES

SOURCE: TypeAdapter[str] = TypeAdapter(SentSource)
URI: TypeAdapter[str] = TypeAdapter(SentUri)
ID: TypeAdapter[str] = TypeAdapter(SentId)
WORD: TypeAdapter[str] = TypeAdapter(SentLabel)


@given(st.from_regex(PLAIN).map(lambda text: text.removesuffix("\n")))
def test_plain_text_needs_no_repair(text: str) -> None:
    assert plain_id(text) == text
    assert shown_name(text) == text or len(text) > 200


@given(st.from_regex(PLAIN_SOURCE).map(lambda text: text.removesuffix("\n")))
def test_a_plain_source_needs_no_repair(text: str) -> None:
    # A relative reference with a dot before it takes the second way, and is the same otherwise.
    assert SOURCE.validate_python(text) == text
    assert SOURCE.validate_python(f"d/{text}/") == f"d/{text}" or "?" in text or "#" in text


@given(st.from_regex(PLAIN_ADDRESS).map(lambda text: text.removesuffix("\n")))
def test_a_plain_address_needs_no_repair(text: str) -> None:
    assert URI.validate_python(text) == text
    assert URI.validate_python(f" {text} ") == text


@given(st.text(max_size=20), st.sampled_from([SOURCE, URI, ID, WORD]))
def test_what_was_put_right_stays(text: str, adapter: TypeAdapter[str]) -> None:
    try:
        right = adapter.validate_python(text)
    except ValidationError:
        return
    assert adapter.validate_python(right) == right


@pytest.mark.parametrize("scheme", ["javascript", "JAVASCRIPT", "vbscript", "data", "Data"])
@pytest.mark.parametrize("adapter", [SOURCE, URI])
def test_scripts_are_refused(scheme: str, adapter: TypeAdapter[str]) -> None:
    with pytest.raises(ValidationError, match=f"should not be of the scheme {scheme.lower()}"):
        adapter.validate_python(f"{scheme}:x")
    assert adapter.validate_python(f"{scheme}/x") == f"{scheme}/x"
    assert URI.validate_python(f"{scheme}x:x") == f"{scheme}x:x"
    with pytest.raises(ValidationError, match=f"should not be of the scheme {scheme.lower()}x"):
        SOURCE.validate_python(f"{scheme}x:x")


NO_SOURCES = {
    "view-source:x": "of the scheme view-source; there are csv, file, git,",
    "about:blank": "of the scheme about",
    "filesystem:https://x/": "of the scheme filesystem",
    "http://[::1": "Invalid IPv6",
    "http://[::1]x": "host or port is none|brackets",
    "http://[x]/": "host or port is none",
    "https://x/a[1]": "brackets",
    "https://x:99999/": "Port",
    "https://x:y/": "Port",
    "https://": "it has no host",
    "https:x": "it has no host",
    "https:///x": "it has no host",
    "https://me:secret@x/": "no name or password",
    "https://x/#a#b": "two fragments",
    "https://x/%zz": "no blanks",
    "urn:": "nothing but its scheme",
    "1a:b": "is no scheme",
    "/openapi.json?x=1": "it is a path, with no host, query or fragment",
    "/a#b": "it is a path, with no host, query or fragment",
    "//host/x": "it is a path, with no host, query or fragment",
}


@pytest.mark.parametrize("source", NO_SOURCES)
def test_what_is_no_source_is_refused_by_name(source: str) -> None:
    with pytest.raises(ValidationError, match=NO_SOURCES[source]):
        SOURCE.validate_python(source)


@pytest.mark.parametrize(
    "source",
    [
        "https://forum.example.org",
        "http://[::1]:8080/x",
        "https://x/?q=/",
        "https://x/#/",
        "https://m\u00fcller.example/\u00e4",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "mailto:ada@example.org",
        "tag:example.org,2026:forum",
        "git:4f2a",
        "github:99",
        "csv:old",
        "simulated:forum",
        "file:///srv/forum",
        "/sensors/tn-1234567/alerts",
        "cloudevents/spec/pull/123",
        "1-555-123-4567",
    ],
)
def test_what_is_a_source_is_taken_as_it_is(source: str) -> None:
    assert SOURCE.validate_python(source) == source


class Person(TypedDict, total=False):
    name: SentName


@given(st.none() | st.integers() | st.text(max_size=300) | st.lists(st.text(), max_size=2))
def test_a_name_is_shown_or_left_out(value: Any) -> None:
    shown = shown_name(value) if isinstance(value, str) else None
    assert TypeAdapter(Person).validate_python({"name": value}) == ({} if shown is None else {"name": shown})


def test_every_channel_says_how_its_ids_are_compared() -> None:
    assert set(ID_RULES) == set(get_args(Channel))


@given(st.sampled_from([*get_args(Channel), "radio"]), st.text(max_size=20) | st.from_regex(r"\A@?[aA]+@[bB]+\Z"))
def test_an_id_is_compared_by_one_spelling(channel: str, text: str) -> None:
    compared = compared_id(channel, text)
    assert compared_id(channel, compared) == compared == plain_id(compared)
    assert compared == compared_plain_id(channel, plain_id(text))
    assert compared == plain_id(text) or "@" in text


ACTIVITY = EVENT_EXAMPLES["forum.post.v1"][0]


@given(st.dictionaries(st.sampled_from(["as it is", "put right", "id", "x"]), st.booleans()))
def test_no_fault_hides_behind_the_names_of_ways(more: dict[str, Any]) -> None:
    body = orjson.dumps(ACTIVITY | {"data": ACTIVITY["data"] | more | {"misspelt": 1}})
    with pytest.raises(ValidationError) as refused:
        ACTIVITY_ADAPTER.validate_json(body)
    assert {fault.place for fault in faults(refused.value)} == {("data", name) for name in [*more, "misspelt"]}
