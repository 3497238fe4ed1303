"""What platforms say of guidelines is kept as it comes, beside what their events earn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.scoring.awards.domain.activities import Work
from services.scoring.awards.handlers.scoring import Scorer
from services.scoring.guidelines import store
from services.scoring.guidelines.domain.cases import Acceptance
from services.scoring.guidelines.domain.said import (
    ACCEPTED_TYPE,
    NAME_PREFIX,
    OF_EVENTS,
    OWN_CHANNEL,
    Content,
    Kind,
    Word,
    listed_word,
    named,
    word_of,
)
from services.scoring.guidelines.handlers.folding import InForce, in_force
from services.scoring.guidelines.handlers.telling import tell_acceptance, tell_word
from services.scoring.holds.handlers.following import on_members as look_at_members
from services.scoring.programmes.store import versions
from services.scoring.settings import Settings
from shared.consumer import Subscription
from shared.contracts.facts import MEMBER_FACT, AcceptedEvent, MemberFact
from shared.contracts.programme.listed import Listed, find_listed
from shared.topics import MEMBERS
from shared.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Listener:
    """Has events scored, and keeps what they say of guidelines."""

    scorer: Scorer

    async def on_activities(self, tx: Transaction[Settings], events: list[AcceptedEvent]) -> None:
        """Score events, and keep what they say in cases; these are worked out by a timer."""
        work = await self.scorer.on_activities(tx, events)
        said = [event for event in work.fresh if _says_something(event)]
        for community in sorted({event["community"] for event in said}):
            mine = [event for event in said if event["community"] == community]
            await _keep(tx, mine, community=community, work=work)
        if work.changed:
            await _take_back(tx, work)


def _says_something(event: AcceptedEvent) -> bool:
    return event["type"] in OF_EVENTS or event["type"] == ACCEPTED_TYPE or "listed" in event


async def _keep(tx: Transaction[Settings], events: Iterable[AcceptedEvent], *, community: str, work: Work) -> None:
    said = await in_force(tx.conn, community=community, now=tx.now)
    words: list[Word] = []
    accepted: dict[tuple[str, str], datetime] = {}
    for event in events:
        told = work.words.get((community, event["uid"]))
        is_retracted = told is not None and told.is_retraction
        if "listed" in event:
            words.append(listed_word(event, is_retracted=is_retracted))
        elif event["type"] != ACCEPTED_TYPE:
            word = word_of(event, said.section, is_retracted=is_retracted)
            words += [] if word is None else [word]
        elif not is_retracted and (version := _accepted(event, said)) is not None:
            key, at = (event["member"], version), event["time"].astimezone(UTC)
            accepted[key] = min(at, accepted.get(key, at))
    if words:
        await _keep_words(tx, words, community=community)
    for one in await store.add_acceptances(
        tx.conn, acceptances=[Acceptance(community, *key, at) for key, at in accepted.items()]
    ):
        tell_acceptance(tx, one)


def _accepted(event: AcceptedEvent, said: InForce) -> str | None:
    """The version of the guidelines that a member accepted; None where it is another policy."""
    if said.section is None or event["data"]["policy"] != said.section.policy or "member" not in event:
        return None
    return str(event["data"].get("version", said.section.version))


async def _keep_words(tx: Transaction[Settings], words: list[Word], *, community: str) -> None:
    await store.add_words(tx.conn, words=words)
    contents: dict[str, tuple[Content, datetime]] = {}
    for word in words:
        if word.content is not None and word.kind in (Kind.REPORT, Kind.DECISION):
            contents.setdefault(word.about, (word.content, word.said_at))
    await store.add_due(tx.conn, contents=contents, due_at=tx.now)
    others = [word.about for word in words if word.about not in contents]
    if others:
        cases = await store.find_cases_above(tx.conn, community=community, abouts=others)
        await store.set_due(tx.conn, community=community, case_ids=cases)


async def _take_back(tx: Transaction[Settings], work: Work) -> None:
    """What was said and is taken back, or counts again."""
    of_community: dict[str, dict[str, bool]] = {}
    for (community, uid), (word, _) in work.changed.items():
        of_community.setdefault(community, {})[uid] = word.is_retraction
    for community, retracted in sorted(of_community.items()):
        touched = await store.set_retracted(tx.conn, community=community, retracted=retracted)
        if touched:
            abouts = {about for _, about in touched}
            cases = await store.find_cases_above(tx.conn, community=community, abouts=abouts)
            await store.set_due(tx.conn, community=community, case_ids=cases)


async def on_members(tx: Transaction[Settings], facts: list[MemberFact]) -> None:
    """Keep what is told of members; a name that a word list has is brought before a person, and stays as it is.

    Of who was erased nothing that they or others wrote stays in cases.
    """
    await look_at_members(tx, facts)
    await _look_at_names(tx, facts)
    erased = [
        (fact["community"], fact["data"]["member_id"]) for fact in facts if fact["type"] == "member.erased.v1"
    ]
    if erased:
        await store.erase(tx.conn, members=erased)


async def _look_at_names(tx: Transaction[Settings], facts: list[MemberFact]) -> None:
    named_in: dict[str, list[tuple[str, str, datetime]]] = {}
    for fact in facts:
        if fact["type"] == "member.identified.v1" and (name := fact["data"].get("name")):
            at = fact["data"].get("name_at", fact["time"]).astimezone(UTC)
            named_in.setdefault(fact["community"], []).append((fact["data"]["member_id"], name, at))
    for community in await versions.with_words(tx.conn, communities=sorted(named_in)):
        section = (await in_force(tx.conn, community=community, now=tx.now)).section
        words = []
        for member_id, name, at in named_in[community]:
            listed = find_listed(name, section.words if section else ())
            if listed is not None:
                words.append(_of_name(community, member_id, listed, at))
        known = await store.load_words_by_id(tx.conn, community=community, word_ids=[one.word_id for one in words])
        words = [word for word in words if word.word_id not in known]
        if words:
            await _keep_words(tx, words, community=community)
        for word in words:
            tell_word(tx, word, subject=word.member_id or word.about)


def _of_name(community: str, member_id: str, listed: Listed, at: datetime) -> Word:
    """That a name has a listed word: once for each member and word, and without the name."""
    word_id = named("name", community, member_id, listed.category, listed.word)
    content = Content(community, OWN_CHANNEL, "", f"{NAME_PREFIX}{member_id}")
    return Word(
        community,
        word_id,
        Kind.REPORT,
        word_id,
        content.case_id,
        at,
        word_id,
        member_id=member_id,
        content=content,
        category=listed.category,
        reason=listed.word,
    )


FOLLOWED_MEMBERS = Subscription(MEMBERS, MEMBER_FACT, on_members)
