"""Accepted suggestions and votes are kept, and what cases and lists of words say of them beside them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from services.ingest.communities.handlers import calendars_of
from services.ingest.ideas import store
from services.ingest.ideas.domain import (
    CHANGED_TYPE,
    CHANNEL,
    HOST,
    SOURCE,
    STATES,
    SUGGESTED_TYPE,
    TYPES,
    VOTED_TYPE,
    Idea,
    IdeaPlace,
    IdeasAsked,
    IdeaState,
    ShownIdea,
    Vote,
    Words,
    idea_of,
    moment_of,
    number_of,
    words_of,
)
from services.ingest.measuring.domain.texts import UnknownTextError
from services.ingest.measuring.handlers.sealing import sealer_of
from services.ingest.metrics import IDEAS_LISTED
from services.ingest.settings import Settings
from services.ingest.walls import store as walls_store
from services.ingest.walls.handlers import SaidOf, case_outcomes
from services.ingest.walls.store import NOTHING_DECLARED
from shared.contracts.activities.told import text_of
from shared.contracts.facts import AcceptedEvent, GuidelineFact, ListedData
from shared.contracts.programme.listed import find_listed
from shared.postgres import Connection
from shared.transaction import Transaction

COUNT_EVERY_SECONDS = 1.0
#: So many suggestions have their votes counted anew in one transaction.
COUNT_MAX_COUNT = 50


class IdeaEvent(NamedTuple):
    """An accepted event of a suggestion made here, with the member who did it."""

    community: str
    event_uid: str
    event: dict[str, Any]
    member_id: str
    #: Whether a word of a list was found when it was accepted, where what was written is not there to look again.
    is_listed: bool = False


async def lock_shown(tx: Transaction[Settings], *, told: Sequence[IdeaEvent], said: Sequence[SaidOf]) -> None:
    """Have whoever else changes suggestions wait that events say something of, or take back."""
    communities = {one.community for one in _made_here(told)}
    if said:
        communities |= await store.load_named(tx.conn, targets={(one.community, one.target_uid) for one in said})
    await store.lock_ideas(tx.conn, communities=communities)


async def note_ideas(tx: Transaction[Settings], *, told: Sequence[IdeaEvent]) -> dict[str, ListedData]:
    """Keep what events say of suggestions that are made here, also what the database had forgotten.

    Suggestions of their communities are locked, as `lock_shown` does. Returns those that have a word of a list, by
    the ids of their events, with the word.
    """
    own = _made_here(told)
    if not own:
        return {}
    communities = {one.community for one in own}
    declared = await walls_store.load_declared(tx.conn, communities=communities, now=tx.now)
    calendars = await calendars_of(tx, communities=communities)
    listed: dict[str, ListedData] = {}
    ideas: list[Idea] = []
    of_answers: list[tuple[str, str, str]] = []
    votes: list[tuple[str, Vote]] = []
    changed: list[store.Changed] = []
    for one in own:
        kind, data, at = one.event["type"], one.event["data"], moment_of(one.event)
        idea_id, day = idea_of(data.get("object", {}).get("id", "")), calendars[one.community].day_of(at)
        if idea_id is None:
            continue
        if kind == SUGGESTED_TYPE:
            found = find_listed(text_of(data) or "", declared.get(one.community, NOTHING_DECLARED).words)
            if found is not None:
                listed[one.event_uid] = ListedData(category=found.category, word=found.word)
            is_listed = found is not None or one.is_listed
            made = Idea(one.community, idea_id, one.event_uid, one.member_id, at, day, is_listed=is_listed)
            ideas.append(made)
            if (answer_uid := idea_of(data.get("answer", ""))) is not None:
                of_answers.append((one.community, idea_id, answer_uid))
        elif kind == VOTED_TYPE and (number := number_of(one.event["id"])) is not None:
            vote = Vote(idea_id, one.member_id, number, one.event_uid, is_given=True, voted_at=at, voted_on=day)
            votes.append((one.community, vote))
        elif kind == CHANGED_TYPE and data["status"] in STATES:
            joined_to = idea_of(data.get("joined_to", ""))
            changed.append(store.Changed(one.community, idea_id, IdeaState(data["status"]), joined_to, at))
    if ideas:
        await store.put_ideas(tx.conn, ideas=ideas)
    if of_answers:
        await store.set_of_answers(tx.conn, of_answers=of_answers)
    if votes:
        await store.put_votes(tx.conn, votes=votes)
        await store.count_votes(tx.conn, ideas={(community, vote.idea_id) for community, vote in votes})
    await store.set_changed(tx.conn, changed=changed)
    IDEAS_LISTED.inc(len(listed))
    return listed


def ideas_told(facts: Sequence[AcceptedEvent]) -> list[IdeaEvent]:
    """Those of the event log that say something of a suggestion, without what was written."""
    return [
        IdeaEvent(fact["community"], fact["uid"], dict(fact), member_id, is_listed="listed" in fact)
        for fact in facts
        if fact["type"] in TYPES and (member_id := fact.get("member")) is not None
    ]


async def note_taken_back(tx: Transaction[Settings], *, said: Sequence[SaidOf]) -> None:
    """Note which suggestions and votes, which are locked, were taken back or restored."""
    last: defaultdict[str, dict[str, tuple[datetime, bool]]] = defaultdict(dict)
    for one in said:
        now = (one.at, one.is_taken_back)
        last[one.community][one.target_uid] = max(now, last[one.community].get(one.target_uid, now))
    for community in sorted(last):
        await store.set_taken_back(tx.conn, community=community, said=last[community])


async def on_guidelines(tx: Transaction[Settings], facts: list[GuidelineFact]) -> None:
    """Keep what became of cases of suggestions: what was upheld is hidden, and what was dismissed is shown."""
    own = [
        one
        for one in case_outcomes(facts)
        if (one.channel, one.host) == (CHANNEL, HOST) and idea_of(one.object_id) is not None
    ]
    if own:
        await store.lock_ideas(tx.conn, communities={one.community for one in own})
        await store.set_cases(tx.conn, outcomes=own)


async def count_anew(tx: Transaction, *, community: str, member_ids: Collection[str]) -> None:
    """Have votes counted anew that these members gave: they are one person now, or are it no more."""
    await store.lock_ideas(tx.conn, communities=[community])
    await store.mark_stale(tx.conn, community=community, member_ids=member_ids)


async def count_stale(tx: Transaction[Settings]) -> bool:
    """Timer: count votes anew where they may be of other people now; whether there were any."""
    communities = await store.page_of_stale(tx.conn, limit_count=COUNT_MAX_COUNT)
    await store.lock_ideas(tx.conn, communities=communities)
    stale = await store.take_stale(tx.conn, communities=communities, limit_count=COUNT_MAX_COUNT)
    if stale:
        await store.count_votes(tx.conn, ideas=stale)
    return bool(stale)


async def page_of_ideas(
    conn: Connection,
    settings: Settings,
    *,
    asked: IdeasAsked,
    after: IdeaPlace | None,
    limit_count: int,
    idea_id: str | None = None,
) -> list[ShownIdea]:
    """Suggestions in their order, with what was written while that is kept."""
    found = await store.page_of_ideas(conn, asked=asked, after=after, limit_count=limit_count, idea_id=idea_id)
    return [replace(one, words=_words(settings, one)) for one in found]


def _made_here(told: Sequence[IdeaEvent]) -> list[IdeaEvent]:
    return [one for one in told if one.event["source"] == SOURCE and one.event["data"].get("host") == HOST]


def _words(settings: Settings, one: ShownIdea) -> Words | None:
    if one.text is None:
        return None
    try:
        text = text_of(sealer_of(settings.text_keys).open(one.text).fields)
    except UnknownTextError:
        return None
    return None if text is None else words_of(text)
