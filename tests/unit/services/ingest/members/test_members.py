"""Who is who: one identity, one member."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.members.domain import DifferentMembersError, IdentityKey, declare

KEYS = st.tuples(st.just("acme"), st.sampled_from(["forum", "chat"]), st.sampled_from("abcd"))
MEMBERS = st.dictionaries(KEYS, st.sampled_from(["m1", "m2"]))


@given(st.lists(KEYS, min_size=1), MEMBERS)
def test_a_declaration_makes_one_member_or_says_which_there_are(
    identities: list[IdentityKey], known: dict[IdentityKey, str]
) -> None:
    members = {known[one] for one in identities if one in known}
    if len(members) > 1:
        with pytest.raises(DifferentMembersError, match="m1, m2"):
            declare(identities, known, new_member_id="new")
        return
    declaration = declare(identities, known, new_member_id="new")
    assert declaration.is_new == (not members)
    assert declaration.new_identities == sorted(set(identities) - known.keys())
    assert declaration.member_id == (members.pop() if members else "new")
    # Saying it again changes nothing.
    now = known | dict.fromkeys(declaration.new_identities, declaration.member_id)
    again = declare(reversed(identities), now, new_member_id="another")
    assert (again.member_id, again.is_new, again.new_identities) == (declaration.member_id, False, [])
