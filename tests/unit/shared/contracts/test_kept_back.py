"""Where what was written is seen stays with ingest, with what was written."""

from shared.contracts.activities.told import kept_back

THING = {"id": "post-93", "url": "https://forum.example.org/t/93"}


def test_the_address_of_the_object_is_kept_where_its_platform_says_no_other() -> None:
    assert kept_back({"object": THING, "text": "Loosen it."}) == {"text": "Loosen it.", "url": THING["url"]}
    own = "https://forum.example.org/t/93#reply"
    assert kept_back({"object": THING, "text": "Loosen it.", "url": own}) == {"text": "Loosen it.", "url": own}


def test_of_what_says_nothing_no_address_is_kept() -> None:
    assert kept_back({"object": THING, "vote": "up"}) == {}
    assert kept_back({"object": {"id": "post-93"}, "text": "Loosen it."}) == {"text": "Loosen it."}
