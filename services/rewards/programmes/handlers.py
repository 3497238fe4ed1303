"""Keeping what published programmes say of rewards."""

import orjson

from services.rewards.programmes import store
from services.rewards.programmes.domain import Version
from shared.contracts.facts import ProgrammePublished
from shared.followed_audiences import titles_of
from shared.transaction import Transaction


async def on_programmes(tx: Transaction, facts: list[ProgrammePublished]) -> None:
    """Keep the rewards section of each version, what its audiences are called, and which levels open rewards."""
    await store.add_versions(tx.conn, [_version(fact) for fact in facts])


def _version(fact: ProgrammePublished) -> Version:
    data = fact["data"]
    section = data["document"].get("rewards") or {}
    return Version(
        fact["community"],
        data["programme_id"],
        data["version"],
        data["effective_from"],
        orjson.dumps(section).decode(),
        orjson.dumps(titles_of(data["document"])).decode(),
        orjson.dumps(
            {
                level["id"]: level["title"]
                for level in (data["document"].get("recognition") or {}).get("levels") or ()
                if "redeem" in (level.get("opens") or ())
            }
        ).decode(),
    )
