"""Suspensions are followed."""

from services.rewards.suspensions import store
from shared.consumer import Subscription
from shared.contracts.facts import GUIDELINE_FACT, GuidelineFact
from shared.topics import GUIDELINES
from shared.transaction import Transaction


async def on_guidelines(tx: Transaction, facts: list[GuidelineFact]) -> None:
    """Keep who is suspended, and when."""
    told = [fact for fact in facts if fact["type"] == "guidelines.suspension_changed.v1"]
    await store.put_suspensions(tx.conn, suspensions=told)


FOLLOWED_SUSPENSIONS = Subscription(GUIDELINES, GUIDELINE_FACT, on_guidelines)
