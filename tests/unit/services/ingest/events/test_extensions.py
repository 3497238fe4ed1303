"""Extensions are allowed; what is one slip away from an attribute of CloudEvents is not taken for one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.events.domain.extensions import (
    TELLING_CHARS,
    extension_faults,
    without_extensions,
    without_unset,
)
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
def test_an_event_is_the_same_without_its_extensions(extensions: dict[str, Any]) -> None:
    event = {name: value for name, value in extensions.items() if name not in ENVELOPE} | EVENT
    assert without_extensions(event) == EVENT
    assert without_extensions(event | {"datacontenttype": "application/json", "subject": "s"}) == EVENT | {
        "subject": "s"
    }


def test_null_is_not_there_but_where_something_must_be() -> None:
    assert without_unset({"id": None, "subject": None, "sequence": None, "type": "x"}) == {"id": None, "type": "x"}
