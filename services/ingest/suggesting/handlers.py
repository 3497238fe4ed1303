"""Members suggest and vote, whoever runs the community goes on with it, and those whom it concerns are told.

Whoever locks does so in this order, here, in the worker, in merges, in erasures and in timers:

1. the community's merges (`lock_heads`, `lock_merges`);
2. who suggests or votes (`lock_suggester`);
3. members and their identities (`own_identities`, `resolve`);
4. the community's suggestions with their votes (`lock_ideas`), several communities by their names;
5. kudos, nominations and texts; of how suggestions go on the step that is told.
"""

from dataclasses import replace
from typing import Final

from services.ingest.communities.handlers import calendars_of
from services.ingest.events.domain.judgement import event_uid
from services.ingest.events.handlers import send_own
from services.ingest.ideas import store as ideas_store
from services.ingest.ideas.domain import CHANNEL, HOST, SOURCE, Idea, IdeaState, Vote, vote_name, written
from services.ingest.measuring.domain.texts import UnknownTextError
from services.ingest.measuring.handlers.texts import find_text
from services.ingest.members.domain import MemberKey
from services.ingest.members.handlers.own import own_identities
from services.ingest.members.store import members as members_store
from services.ingest.metrics import IDEAS, IDEAS_MOVED
from services.ingest.settings import Settings
from services.ingest.suggesting import domain, store
from services.ingest.suggesting.domain import GoOn, Suggest
from services.ingest.walls.handlers import find_declared
from shared.access_keys import check_not_about_oneself
from shared.audit import Did
from shared.contracts.facts import MESSAGE_REQUESTED, MessageRequestedData
from shared.contracts.programme.listed import find_listed
from shared.merges import load_group, lock_heads
from shared.topics import MESSAGES
from shared.transaction import Transaction

TELL_EVERY_SECONDS: Final = 1.0
#: So many are told of a step in one transaction.
TELL_MAX_COUNT: Final = 200
#: The kind of messages that say how a suggestion goes on.
MESSAGE_KIND: Final = "idea"


async def suggest(tx: Transaction[Settings], *, community: str, wanted: Suggest) -> Idea:
    """Suggest something: its event goes out with this transaction. Suggested again it is the same.

    Raises NoSuggesterError, SuspendedSuggesterError and TooManyIdeasError.
    """
    # 1. Nobody becomes one with another meanwhile, and what one suggests at the same time waits.
    author_id, group = await _suggester(tx, community=community, member_id=wanted.author_id)
    known = await ideas_store.find_idea(tx.conn, community=community, idea_id=wanted.idea_id)
    if known is None and wanted.answer_uid is not None:
        known = await store.find_of_answer(tx.conn, community=community, answer_uid=wanted.answer_uid)
    if known is not None:
        tx.did_nothing()
        return known
    # 2. There is room on this day of the community's.
    today = (await calendars_of(tx, communities={community}))[community].day_of(tx.now)
    most = tx.settings.ideas_day_max_count
    if await store.count_suggested(tx.conn, community=community, member_ids=group, on=today) >= most:
        raise domain.TooManyIdeasError(f"{most} may be suggested on a day, and are")
    # 3. It stands, and is told. The worker finds the same words; until then nobody sees what is to be decided.
    wanted = replace(wanted, author_id=author_id)
    declared = await find_declared(tx.conn, community=community, now=tx.now)
    is_listed = find_listed(written(wanted.title, wanted.text), declared.words) is not None
    uid = event_uid(community, SOURCE, wanted.idea_id)
    idea = Idea(
        community, wanted.idea_id, uid, author_id, tx.now, today, is_listed=is_listed, is_shown=not is_listed
    )
    await own_identities(tx, community=community, member_ids={author_id}, channel=CHANNEL, host=HOST)
    await ideas_store.lock_ideas(tx.conn, communities=[community])
    await ideas_store.put_ideas(tx.conn, ideas=[idea])
    if wanted.answer_uid is not None:
        of_answer = (community, idea.idea_id, wanted.answer_uid)
        await ideas_store.set_of_answers(tx.conn, of_answers=[of_answer])
    send_own(tx, community=community, event=domain.suggested(wanted, at=tx.now))
    after = {"waits": is_listed, "answer": wanted.answer_uid}
    tx.did(Did("idea.suggest", "idea", idea.idea_id, author_id, after=after))
    IDEAS.labels("suggested").inc()
    return idea


async def find_answered(tx: Transaction[Settings], *, community: str, answer_uid: str) -> str:
    """Who wrote an answer to a survey. Raises NoAnswerError where none in words is kept, or nobody's."""
    try:
        written = await find_text(tx.conn, tx.settings, community=community, event_uid=answer_uid)
    except UnknownTextError as error:
        raise domain.NoAnswerError from error
    if written.text.event_type != domain.ANSWERED_TYPE or written.text.member_id is None:
        raise domain.NoAnswerError
    return written.text.member_id


async def vote(tx: Transaction[Settings], *, community: str, idea_id: str, member_id: str) -> Idea:
    """Vote for a suggestion, once; a person who is several members has one vote. Twice is once.

    Raises UnknownIdeaError, OwnIdeaError, IdeaClosedError and what `suggest` raises.
    """
    # 1. Whose vote it is; what else they do waits. Members before suggestions, as the worker takes them.
    voter_id, group = await _suggester(tx, community=community, member_id=member_id)
    await own_identities(tx, community=community, member_ids={voter_id}, channel=CHANNEL, host=HOST)
    # 2. May they vote for it, and did they not yet?
    idea = await _locked(tx, community=community, idea_id=idea_id)
    if not idea.is_shown:
        raise domain.UnknownIdeaError
    if idea.author_id in group:
        raise domain.OwnIdeaError
    domain.check_open(idea)
    known = await store.load_votes(tx.conn, community=community, idea_id=idea_id, member_ids=group)
    if any(one.is_given for one in known):
        tx.did_nothing()
        return idea
    today = (await calendars_of(tx, communities={community}))[community].day_of(tx.now)
    # 3. There is room, today and for this one.
    number = 1 + max((one.number for one in known if one.member_id == voter_id), default=0)
    if number > domain.VOTES_MAX_COUNT:
        raise domain.TooManyIdeasError(f"one votes for the same at most {domain.VOTES_MAX_COUNT} times")
    most = tx.settings.idea_votes_day_max_count
    if await store.count_voted(tx.conn, community=community, member_ids=group, on=today) >= most:
        raise domain.TooManyIdeasError(f"one may vote {most} times on a day, and did")
    # 4. It is given, counts, and is told.
    uid = event_uid(community, SOURCE, vote_name(idea_id, voter_id, number))
    given = Vote(idea_id, voter_id, number, uid, is_given=True, voted_at=tx.now, voted_on=today)
    await ideas_store.put_votes(tx.conn, votes=[(community, given)])
    send_own(tx, community=community, event=domain.voted(idea, voter_id=voter_id, number=number, at=tx.now))
    tx.did(Did("idea.vote", "idea", idea_id, voter_id, after={"number": number}))
    IDEAS.labels("voted").inc()
    return await _counted(tx, idea)


async def withdraw(tx: Transaction[Settings], *, community: str, idea_id: str, member_id: str) -> Idea:
    """Withdraw a vote; of a person who is several members all theirs.

    Raises UnknownIdeaError and NoSuggesterError.
    """
    voter_id, group = await _suggester(tx, community=community, member_id=member_id, may_be_suspended=True)
    idea = await _locked(tx, community=community, idea_id=idea_id)
    known = await store.load_votes(tx.conn, community=community, idea_id=idea_id, member_ids=group)
    given = [one for one in known if one.is_given]
    if not given:
        tx.did_nothing()
        return idea
    await store.set_withdrawn(tx.conn, community=community, idea_id=idea_id, member_ids=group)
    for one in given:
        back = domain.withdrawn(idea, voter_id=one.member_id, number=one.number, at=tx.now)
        send_own(tx, community=community, event=back)
    tx.did(Did("idea.withdraw", "idea", idea_id, voter_id, after={"withdrawn": len(given)}))
    IDEAS.labels("withdrawn").inc()
    return await _counted(tx, idea)


async def go_on(tx: Transaction[Settings], *, community: str, wanted: GoOn, person_id: str | None) -> Idea:
    """Have a suggestion go on to another state, and say why; whom it concerns is told.

    One that says the same as another is joined to that, and the votes of both count there. Raises
    UnknownIdeaError, NoStepError, NotJoinedError, TooManyIdeasError and AboutYourselfError.
    """
    idea = await _locked(tx, community=community, idea_id=wanted.idea_id)
    await check_not_about_oneself(tx.conn, community=community, person_id=person_id, members=[idea.author_id])
    domain.check_step(idea, wanted.state)
    if wanted.joined_to is not None:
        await _check_join(tx, idea, to=await _find(tx, community=community, idea_id=wanted.joined_to))
    number = idea.moves_count + 1
    await store.add_move(tx.conn, community=community, wanted=wanted, number=number, at=tx.now)
    send_own(tx, community=community, event=domain.changed(idea, wanted, number=number, at=tx.now))
    concerned = {(community, one) for one in (idea.idea_id, idea.joined_to, wanted.joined_to) if one is not None}
    await ideas_store.count_votes(tx.conn, ideas=concerned)
    verb = "join" if wanted.joined_to is not None else "move"
    after = {"state": wanted.state.value, "joined_to": wanted.joined_to, "note": wanted.note}
    before = {"state": idea.state.value, "joined_to": idea.joined_to}
    tx.did(Did(f"idea.{verb}", "idea", idea.idea_id, idea.author_id, before=before, after=after))
    IDEAS_MOVED.labels(wanted.state.value).inc()
    return await _find(tx, community=community, idea_id=idea.idea_id)


async def tell(tx: Transaction[Settings]) -> bool:
    """Timer: have the next of those written to whom a step concerns; whether there was one."""
    # Nobody becomes one with another, or is forgotten, before the step is told.
    found = await store.find_untold(tx.conn)
    if found is None:
        return False
    author = await lock_heads(tx.conn, keys=[(found.community, found.author_id)])
    step = await store.lock_untold(tx.conn, found)
    if step is None:
        return False
    members = await store.page_of_told(tx.conn, step, limit_count=TELL_MAX_COUNT)
    author_id = author.get((step.community, step.author_id), step.author_id)
    for member_id in members:
        request_id = domain.message_id(step.community, step.idea_id, step.number, member_id)
        data: MessageRequestedData = {
            "request_id": request_id,
            "kind": MESSAGE_KIND,
            "member_id": member_id,
            "values": {
                "state": step.state.value,
                "note": step.note,
                "own": "yes" if member_id == author_id else "",
                "idea_id": step.idea_id,
            },
        }
        tx.tell(
            MESSAGES,
            MESSAGE_REQUESTED,
            fact_id=request_id,
            community=step.community,
            subject=member_id,
            data=data,
        )
    is_told = len(members) < TELL_MAX_COUNT
    await store.set_told(tx.conn, step, after=members[-1] if members else step.told_after, is_told=is_told)
    return True


async def _suggester(
    tx: Transaction[Settings], *, community: str, member_id: str, may_be_suspended: bool = False
) -> tuple[str, list[str]]:
    """Who a member is now, with all ids of theirs; what else they suggest and vote for waits."""
    key = (community, member_id)
    head_id = (await lock_heads(tx.conn, keys=[key])).get(key, member_id)
    await store.lock_suggester(tx.conn, community=community, member_id=head_id)
    found = await members_store.find_member(tx.conn, key=MemberKey(community, head_id))
    if found is None or found.bot_by is not None:
        raise domain.NoSuggesterError
    group = await load_group(tx.conn, community=community, head_id=head_id)
    if not may_be_suspended and await store.is_suspended(
        tx.conn, community=community, member_ids=group, now=tx.now
    ):
        raise domain.SuspendedSuggesterError
    return head_id, group


async def _locked(tx: Transaction[Settings], *, community: str, idea_id: str) -> Idea:
    """One of a community whose suggestions, from now on, nobody else changes."""
    await ideas_store.lock_ideas(tx.conn, communities=[community])
    return await _find(tx, community=community, idea_id=idea_id)


async def _find(tx: Transaction[Settings], *, community: str, idea_id: str) -> Idea:
    found = await ideas_store.find_idea(tx.conn, community=community, idea_id=idea_id)
    if found is None or found.is_taken_back:
        raise domain.UnknownIdeaError
    return found


async def _counted(tx: Transaction[Settings], idea: Idea) -> Idea:
    await ideas_store.count_votes(
        tx.conn, ideas={(idea.community, one) for one in (idea.idea_id, idea.joined_to) if one is not None}
    )
    return await _find(tx, community=idea.community, idea_id=idea.idea_id)


async def _check_join(tx: Transaction[Settings], idea: Idea, *, to: Idea) -> None:
    if idea.idea_id == to.idea_id:
        raise domain.NotJoinedError("it is the same suggestion")
    if to.state is IdeaState.JOINED:
        raise domain.NotJoinedError("the other is joined to one itself; join it to that")
    both = await store.count_joined(tx.conn, community=idea.community, idea_ids=[idea.idea_id, to.idea_id])
    if both >= domain.JOINED_MAX_COUNT:
        raise domain.NotJoinedError(f"{domain.JOINED_MAX_COUNT} at most are joined to one")
