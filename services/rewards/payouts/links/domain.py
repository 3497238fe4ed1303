"""Links: which members are paid to one account, and who is paid to the payer's."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

#: What names the fact of a link follows from its member and revision under this; it must never change.
LINK_NAMESPACE: Final = UUID("7a0c5b86-5f0b-5b0e-9d1f-0c6a6f2b9a41")


@dataclass(frozen=True, slots=True)
class Link:
    """What was told last of a member's account: an id for it, where others are paid there, and how many are.

    Members who are merged are one.
    """

    community: str
    member_id: str
    revision: int
    account_id: str | None
    members_count: int
    is_payer: bool

    @property
    def fact_id(self) -> str:
        """The id of the fact that says so."""
        return str(uuid5(LINK_NAMESPACE, f"{self.community}|{self.member_id}|{self.revision}"))


def links_of(
    community: str,
    *,
    members: Collection[str],
    sharing: Mapping[str, Collection[str]],
    paying: Collection[str],
    heads: Mapping[tuple[str, str], str],
    known: Mapping[str, Link],
    new_ids: Mapping[str, str],
) -> list[Link]:
    """What is to be told of members, where it is not what was told last.

    `sharing` has whoever is paid to the same account, the member too, `paying` who is paid to the payer's, and
    `new_ids` an id for each member, which the first of an account gives to all.
    """
    found: list[Link] = []
    made: dict[tuple[str, ...], str] = {}
    for member in sorted(members):
        others = tuple(sorted(sharing.get(member, (member,))))
        count = len({heads.get((community, one), one) for one in others})
        account_id = None
        if count > 1:
            told = next((known[one].account_id for one in others if one in known and known[one].account_id), None)
            account_id = made.setdefault(others, told or new_ids[others[0]])
        before = known.get(member)
        is_payer = member in paying
        if before is None and account_id is None and not is_payer:
            continue
        link = Link(community, member, 1 if before is None else before.revision + 1, account_id, count, is_payer)
        if before is None or (before.account_id, before.members_count, before.is_payer) != (
            account_id,
            count,
            is_payer,
        ):
            found.append(link)
    return found
