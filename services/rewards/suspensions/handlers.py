"""Suspensions are followed."""

from shared.consumer import Subscription
from shared.contracts.facts import GUIDELINE_FACT, GuidelineFact
from shared.followed_suspensions import keep_suspensions, suspensions_of
from shared.topics import GUIDELINES
from shared.transaction import Transaction


async def on_guidelines(tx: Transaction, facts: list[GuidelineFact]) -> None:
    """Keep who is suspended, and when."""
    await keep_suspensions(tx, suspensions_of(facts))


FOLLOWED_SUSPENSIONS = Subscription(GUIDELINES, GUIDELINE_FACT, on_guidelines)
