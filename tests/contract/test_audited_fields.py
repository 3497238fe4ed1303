"""Every field that an entry of the audit log can have is called something on its page, and so are its values."""

from console.pages.audit.fields import FIELDS
from console.pages.audit.values import VALUES
from shared.access_keys.scopes import Scope
from tests.contract.audited_fields import audited_fields
from tests.contract.audited_values import audited_values

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


def test_every_value_of_an_enum_that_a_field_may_have_has_its_words() -> None:
    found = audited_values()
    without = {
        f"{field}: {value}": place
        for field, values in found.items()
        for value, place in values.items()
        if value not in VALUES.get(field, {})
    }

    assert without == {}
    # Scopes are text where keys are issued: what there is of them, pages of keys have.
    assert set(VALUES["scopes"]) == {scope.value for scope in Scope}
    nobody_says = {
        f"{field}: {value}" for field in VALUES for value in VALUES[field] if value not in found.get(field, {})
    }
    assert {one for one in nobody_says if not one.startswith("scopes: ")} == set()


def test_an_enum_is_found_behind_whatever_a_handler_does_to_it() -> None:
    found = audited_values()
    # A member by its name; a value's field; a property; an argument; one of a pair; a list's items; a mapping's.
    for field, value in (
        ("state", "cancelling"),
        ("treatment", "keep_below"),
        ("outcome", "not_ordered"),
        ("states", "delivered"),
        ("state", "overturned"),
        ("roles", "finance_maker"),
        ("standing", "departed"),
        ("figure", "goal"),
        ("state", "discarded"),
    ):
        assert value in found[field], (field, value)
