"""What is told of members is kept, and who is merged has totals, numbers and boards with who stays."""

from services.recognition.badges.handlers import following as badges
from services.recognition.cards.handlers import keep_wanted
from services.recognition.counts import handlers as counts
from services.recognition.quests.handlers import deciding as quests
from services.recognition.quests.handlers import joining
from services.recognition.streaks.handlers import keep_zones
from services.recognition.thresholds.store import lock_programmes_shared
from services.recognition.totals import handlers as totals
from shared import followed_audiences
from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_FACT, MemberFact
from shared.followed_members import follow, merges_told
from shared.merges import load_regrouped
from shared.topics import MEMBERS
from shared.transaction import Transaction


async def on_members(tx: Transaction, facts: list[MemberFact]) -> None:
    """Keep members, merges, who wants a card and where they live, and bring persons together or apart by them."""
    # Programmes before merges, as awards and events take these locks.
    if merges := merges_told(facts):
        await lock_programmes_shared(tx.conn, communities={merge.community for merge in merges})
    followed = await follow(tx, facts)
    await followed_audiences.forget(tx, erased=followed.erased)
    await keep_wanted(tx, followed)
    await badges.keep_moved(tx, await keep_zones(tx, followed))
    await badges.forget(tx, followed)
    await joining.forget(tx, followed)
    for community, groups in (await load_regrouped(tx.conn, moved=followed.moved)).items():
        await counts.regroup(tx, community=community, groups=groups)
        await totals.regroup(tx, community=community, groups=groups)
        await quests.regroup(tx, community=community, groups=groups)
        await badges.regroup(tx, community=community, groups=groups)


FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)
