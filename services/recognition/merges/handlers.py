"""What is told of members is kept: who they are one with, when they are suspended; what is theirs follows."""

from services.recognition.badges.handlers import following as badges
from services.recognition.boards.handlers import following as boards
from services.recognition.cards.handlers import keep_wishes
from services.recognition.celebrations import handlers as celebrations
from services.recognition.counts import handlers as counts
from services.recognition.credentials.handlers import taking
from services.recognition.levels.handlers import following as levels
from services.recognition.milestones import handlers as milestones
from services.recognition.nudges.handlers import noting as nudges
from services.recognition.quests.handlers import deciding as quests
from services.recognition.quests.handlers import joining
from services.recognition.settings import Settings
from services.recognition.streaks.handlers import forget_freezes, keep_zones
from services.recognition.thresholds.store import lock_programmes_shared
from services.recognition.totals import handlers as totals
from shared import followed_audiences
from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_FACT, GuidelineFact, MemberFact
from shared.followed_members import follow, merges_told
from shared.merges import load_regrouped
from shared.topics import MEMBERS
from shared.transaction import Transaction


async def on_members(tx: Transaction[Settings], facts: list[MemberFact]) -> None:
    """Keep members, merges, who wants a card and where they live, and bring persons together or apart by them."""
    # Programmes before merges, as awards and events take these locks.
    if merges := merges_told(facts):
        await lock_programmes_shared(tx.conn, communities={merge.community for merge in merges})
    told = {(fact["community"], fact["data"]["member_id"]) for fact in facts}
    were_off = await boards.load_off(tx, told)
    followed = await follow(tx, facts)
    await followed_audiences.forget(tx, erased=followed.erased)
    # Who is shown before who is due and the numbers of holders, as awards take these locks. Of whoever is merged
    # or parts it is found here by who they are now, and once more as their boards are put together.
    await boards.follow_members(tx, followed, were_off=were_off)
    await keep_wishes(tx, followed)
    moved = await keep_zones(tx, followed)
    await badges.keep_moved(tx, moved)
    await milestones.keep_moved(tx, moved)
    await badges.forget(tx, followed)
    await levels.keep_known(tx, followed)
    await forget_freezes(tx, followed)
    await celebrations.forget(tx, followed)
    await taking.forget(tx, followed)
    await joining.forget(tx, followed)
    await nudges.keep_members(tx, followed)
    for community, groups in (await load_regrouped(tx.conn, moved=followed.moved)).items():
        await counts.regroup(tx, community=community, groups=groups)
        await counts.reconsider(tx, community=community, groups=groups)
        await totals.regroup(tx, community=community, groups=groups)
        await quests.regroup(tx, community=community, groups=groups)
        await badges.regroup(tx, community=community, groups=groups)
        await levels.regroup(tx, community=community, groups=groups)
        await celebrations.regroup(tx, community=community, groups=groups)


async def on_guidelines(tx: Transaction, facts: list[GuidelineFact]) -> None:
    """Keep suspensions: nothing of their time counts, and whoever is suspended is on no board at once."""
    await counts.on_guidelines(tx, facts)
    await boards.apply_suspensions(tx, communities={fact["community"] for fact in facts})
    await levels.look_at_suspended(tx, facts)
    await quests.look_at_suspended(tx, facts)


FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)
