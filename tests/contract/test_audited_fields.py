"""Every field that an entry of the audit log can have is called something on its page."""

from console.pages.audit.fields import FIELDS
from tests.contract.audited_fields import audited_fields

#: What is put in beside it: how many cases were decided together, and how many fields were left out.
BESIDE = {"cases", "more_fields"}


def test_every_field_of_an_entry_has_its_words() -> None:
    found = audited_fields()

    assert {name: place for name, place in found.items() if name not in FIELDS} == {}
    assert set(FIELDS) - set(found) == BESIDE


def test_what_handlers_say_is_followed_to_its_literals() -> None:
    # At once; through a function's parameters; as keywords; in a list of both; as fields of a value.
    for name in ("expires_at", "seal_seen", "was_placed", "held_points", "face_minor", "unit_cost"):
        assert name in audited_fields(), name
