"""After a restore: quests that were told and that the database has forgotten are what stands again.

So is who joined them, and who left; what a team is called is told nowhere: one that was forgotten goes by its id.
"""

from services.recognition.deeds import store as deeds_store
from services.recognition.quests import store
from services.recognition.quests.domain import Join, Team
from services.recognition.quests.handlers.deciding import regroup
from services.recognition.thresholds.domain import Due
from services.recognition.totals.handlers import grant_told
from shared.contracts.facts import (
    FIXED_BY_HAND,
    QUEST_JOINED,
    QUEST_LEFT,
    RECOGNITION_FACT,
    QuestJoined,
    QuestJoinedData,
    QuestLeft,
    RecognitionFact,
)
from shared.merges import load_people, members_of
from shared.own_facts import ReadBack
from shared.topics import BY_HAND, RECOGNITION
from shared.transaction import Transaction


async def on_quests_told(tx: Transaction, facts: list[RecognitionFact]) -> None:
    """Take in what was told of quests; the grants are there."""
    told = [
        grant_told(fact)
        for fact in facts
        if fact["type"] == "recognition.granted.v1" and fact["data"]["kind"] == "quest"
    ]
    if not told:
        return
    keys = {(one.community, one.member_id) for one in told}
    # What stands for a person is with who stays: it is that of all of theirs, whichever of them was told of.
    people = await load_people(tx.conn, keys=keys)
    await store.rebuild(tx.conn, keys=keys | members_of(people))
    for community, groups in people.items():
        await regroup(tx, community=community, groups=groups)
    await deeds_store.put_due(tx.conn, due=dict.fromkeys(keys, Due(tx.now)))


async def on_joins_told(tx: Transaction, facts: list[QuestJoined | QuestLeft]) -> None:
    """Take in who joined a quest, and who left its team, in the order in which each member did."""
    for fact in facts:
        community = fact["community"]
        if fact["type"] == "recognition.quest_joined.v1":
            await _put_joined(tx, fact["data"], community=community)
        else:
            left = fact["data"]
            await store.set_left(
                tx.conn,
                community=community,
                quest=left["quest"],
                member_ids=[left["member_id"]],
                team_id=left["team_id"],
                at=left["left_at"],
            )
    due = {(fact["community"], fact["data"]["member_id"]): Due(tx.now) for fact in facts}
    await deeds_store.put_due(tx.conn, due=due)


async def _put_joined(tx: Transaction, data: QuestJoinedData, *, community: str) -> None:
    said = data.get("team")
    if said is not None:
        team = Team(said["team_id"], data["quest"], said["team_id"], said["made_by"], said["made_at"])
        await store.add_team(tx.conn, community=community, team=team)
    team_id = None if said is None else said["team_id"]
    join = Join(data["quest"], data["member_id"], data["joined_at"], None, team_id)
    await store.put_join(tx.conn, community=community, join=join)


READ_BACK = (
    ReadBack((RECOGNITION,), RECOGNITION_FACT, on_quests_told),
    ReadBack((BY_HAND,), FIXED_BY_HAND, on_joins_told, kinds=(QUEST_JOINED.name, QUEST_LEFT.name)),
)
