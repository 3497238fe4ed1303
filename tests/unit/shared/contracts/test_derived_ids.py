"""Derived ids: those of the standard library, and beside another id where they should lie."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.ids import prepared, uuid5_text, uuid8_text

NAMESPACE = uuid.UUID("0b5d7a0e-51f5-5b3a-8d0c-3f6c2f8f1a01")
SEPARATED = st.text().map("acme\x1f".__add__)


@given(st.uuids(), st.text() | SEPARATED)
def test_a_uuid5_is_that_of_the_standard_library(namespace: uuid.UUID, name: str) -> None:
    assert uuid5_text(prepared(namespace), name) == str(uuid.uuid5(namespace, name))


def test_a_uuid5_is_that_of_the_standard() -> None:
    assert uuid5_text(prepared(uuid.NAMESPACE_DNS), "www.example.com") == "2ed6657d-e927-568b-95e1-2665a8aea6a2"


@given(st.uuids(), st.text() | SEPARATED, st.uuids())
def test_a_uuid8_begins_as_the_other_id_and_goes_on_as_the_names(
    namespace: uuid.UUID, name: str, other: uuid.UUID
) -> None:
    text = uuid8_text(prepared(namespace), name, beside=str(other))

    made = uuid.UUID(text)
    assert text == str(made)
    assert (made.version, made.variant) == (8, uuid.RFC_4122)
    assert made.int >> 80 == other.int >> 80
    rest = 2**76 - 1  # what follows the version
    assert made.int & rest == uuid.uuid5(namespace, name).int & rest


@given(st.uuids(), st.text(), st.text())
def test_names_that_differ_have_ids_that_differ(other: uuid.UUID, name: str, different: str) -> None:
    namespace = prepared(NAMESPACE)
    same = name == different

    assert (uuid5_text(namespace, name) == uuid5_text(namespace, different)) == same
    beside = str(other)
    assert (uuid8_text(namespace, name, beside=beside) == uuid8_text(namespace, different, beside=beside)) == same
