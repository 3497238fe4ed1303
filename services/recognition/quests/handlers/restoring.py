"""After a restore: quests that were told and that the database has forgotten are what stands again."""

from services.recognition.deeds import store as deeds_store
from services.recognition.quests import store
from services.recognition.quests.handlers.deciding import regroup
from services.recognition.thresholds.domain import Due
from services.recognition.totals.handlers import grant_told
from shared.contracts.facts import RECOGNITION_FACT, RecognitionFact
from shared.merges import load_group, load_heads
from shared.own_facts import ReadBack
from shared.topics import RECOGNITION
from shared.transaction import Transaction


async def on_quests_told(tx: Transaction, facts: list[RecognitionFact]) -> None:
    """Take in what was told of quests; the grants are there. Who joined since the copy is forgotten."""
    told = [
        grant_told(fact)
        for fact in facts
        if fact["type"] == "recognition.granted.v1" and fact["data"]["kind"] == "quest"
    ]
    if not told:
        return
    await store.rebuild(tx.conn, grants=told)
    heads = await load_heads(tx.conn, keys={(one.community, one.member_id) for one in told})
    for community in sorted({key[0] for key in heads}):
        of_community = {head_id for (of, _), head_id in heads.items() if of == community}
        groups = {
            head_id: await load_group(tx.conn, community=community, head_id=head_id)
            for head_id in sorted(of_community)
        }
        await regroup(tx, community=community, groups=groups)
    await deeds_store.put_due(tx.conn, due={(one.community, one.member_id): Due(tx.now) for one in told})


READ_BACK = (ReadBack((RECOGNITION,), RECOGNITION_FACT, on_quests_told),)
