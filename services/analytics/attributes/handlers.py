"""What is told of members' attributes is kept, as far as figures are sliced by it."""

from services.analytics.attributes import store
from services.analytics.attributes.domain import SaidValue
from services.analytics.settings import Settings
from shared.followed_members import Followed
from shared.merges import MemberKey
from shared.transaction import Transaction


async def keep_values(tx: Transaction[Settings], followed: Followed) -> set[MemberKey]:
    """Keep attributes that figures are sliced by, texts and yes or no; return whose they are, and who was erased.

    Of who was erased nothing is kept.
    """
    names = tx.settings.slice_attribute_names
    said = {
        (member["community"], member["data"]["member_id"]): [
            (fact["name"], SaidValue(fact["since"], fact["said_at"], text))
            for fact in member["data"].get("dated", ())
            if fact["kind"] == "attribute" and fact["name"] in names and (text := _text(fact["value"]))
        ]
        for member in followed.identified
    }
    erased = {(member["community"], member["data"]["member_id"]) for member in followed.erased}
    said |= {key: [] for key in erased}
    # Of whom nothing was told before nothing is replaced.
    said = {key: values for key, values in said.items() if values or key not in followed.first_told}
    if said:
        await store.put_values(tx.conn, said=said)
    return erased | set(said)


def _text(value: str | bool | float) -> str:
    """What a slice is called for a value; empty where it makes none: numbers do not."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ""
