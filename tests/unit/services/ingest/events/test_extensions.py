"""Extensions are allowed; what is one slip away from an attribute of CloudEvents is not taken for one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.events.domain.extensions import (
    NUMBER_MAX,
    TELLING_CHARS,
    as_taken,
    extension_faults,
    extensions_of,
    without_unset,
)
from services.ingest.events.domain.judgement import content_hash
from shared.contracts.activities import ENVELOPE, REQUIRED

EVENT: dict[str, Any] = dict.fromkeys(REQUIRED, "x")
#: Those that CloudEvents itself documents, and what brokers add.
DOCUMENTED = [
    "authid",
    "authtype",
    "authclaims",
    "bamtimestamp",
    "causationid",
    "correlationid",
    "dataclassification",
    "datacategory",
    "dataref",
    "dataregulation",
    "deprecated",
    "deprecationfrom",
    "deprecationmigration",
    "deprecationsunset",
    "dssematerial",
    "expirytime",
    "knativearrivaltime",
    "knativebrokerttl",
    "knativehistory",
    "opcuametadatamajorversion",
    "opcuastatus",
    "partitionkey",
    "recordedtime",
    "rate",
    "sampledrate",
    "sequence",
    "sequencetype",
    "severitynumber",
    "severitytext",
    "tracestate",
]
LETTERS = st.sampled_from("abcxyz0")
TELLING = st.sampled_from(sorted(name for name in ENVELOPE if len(name) >= TELLING_CHARS))


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_extension_is_no_slip(name: str) -> None:
    assert list(extension_faults(EVENT | {name: "x"})) == []
    # Even where an attribute is missing, for which there is another refusal.
    assert list(extension_faults({name: "x"})) == []


@given(TELLING, st.data())
def test_every_slip_of_a_telling_name_is_seen(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 1))
    slip = data.draw(
        st.sampled_from(
            [
                name[:place] + name[place + 1 :],
                name[:place] + data.draw(LETTERS) + name[place:],
                name[:place] + data.draw(LETTERS) + name[place + 1 :],
                name[:place] + name[place : place + 2][::-1] + name[place + 2 :],
                name.upper(),
                name.capitalize(),
            ]
        )
    )
    found = [one.detail for one in extension_faults(EVENT | {slip: "x"})]
    assert found == ([] if slip in ENVELOPE else [f"There is no field `{slip}` here; did you mean `{name}`?"])


@given(st.dictionaries(st.from_regex(r"\A[a-z0-9]{1,20}\Z"), st.integers() | st.text(max_size=5), max_size=5))
def test_extensions_are_kept_and_the_event_is_the_same_without_them(extensions: dict[str, Any]) -> None:
    beside = {name: value for name, value in extensions.items() if name not in ENVELOPE}
    said = EVENT | {"subject": "s"}
    taken = as_taken(beside | said | {"datacontenttype": "application/json", "nothing": None})
    assert taken == said | beside
    assert extensions_of(taken) == beside
    writable = {name: str(value) for name, value in taken.items()}
    assert content_hash(writable) == content_hash(said)
    assert content_hash(writable | {"type": "code.starred.v1"}) == content_hash(said | {"type": "code.starred.v1"})


@pytest.mark.parametrize("number", [NUMBER_MAX + 1, -NUMBER_MAX - 1, 10**40, 10**400, float("inf")])
def test_a_number_that_readers_would_take_for_another_is_refused(number: float) -> None:
    (fault,) = extension_faults(EVENT | {"sequence": number})
    assert "send a longer one as a text" in fault.detail


@pytest.mark.parametrize("value", [NUMBER_MAX, -NUMBER_MAX, 0.5, 1e300, True, False, "", "x" * 8192])
def test_a_plain_value_is_taken(value: object) -> None:
    assert list(extension_faults(EVENT | {"sequence": value})) == []


def test_null_is_not_there_but_where_something_must_be() -> None:
    assert without_unset({"id": None, "subject": None, "sequence": None, "type": "x"}) == {"id": None, "type": "x"}
