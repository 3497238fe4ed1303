"""Suspensions are kept as they are told; of each the highest revision stands."""

from collections.abc import Sequence

from shared.contracts.facts import GuidelineFact, SuspensionChanged
from shared.followed_suspensions import store
from shared.followed_suspensions.store import MemberKey
from shared.transaction import Transaction


def suspensions_of(facts: Sequence[GuidelineFact]) -> list[SuspensionChanged]:
    """Those of what was told about guidelines that are about suspensions."""
    return [fact for fact in facts if fact["type"] == "guidelines.suspension_changed.v1"]


async def keep_suspensions(tx: Transaction, facts: Sequence[SuspensionChanged]) -> set[MemberKey]:
    """Keep who is suspended from when until when; returns whose suspensions that changes."""
    newest: dict[tuple[str, str], SuspensionChanged] = {}
    for fact in facts:
        key = (fact["community"], fact["data"]["suspension_id"])
        if key not in newest or newest[key]["data"]["revision"] < fact["data"]["revision"]:
            newest[key] = fact
    if not newest:
        return set()
    return await store.put_suspensions(tx.conn, suspensions=[fact for _, fact in sorted(newest.items())])
