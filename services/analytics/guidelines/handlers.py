"""What is told of guidelines into its tables; what is known changes nothing."""

from services.analytics.guidelines import store
from shared.contracts.facts import GuidelineFact
from shared.transaction import Transaction


async def on_guidelines(tx: Transaction, facts: list[GuidelineFact]) -> None:
    """Keep what became of cases, and who accepted which version."""
    cases = [fact for fact in facts if fact["type"] == "guidelines.case_changed.v1"]
    if cases:
        await store.put_cases(tx.conn, cases=cases)
    accepted = [fact for fact in facts if fact["type"] == "guidelines.accepted.v1"]
    if accepted:
        await store.add_acceptances(tx.conn, accepted=accepted)
