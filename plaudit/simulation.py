"""A simulated community, to try programmes and dashboards on: plainly labelled, and the same for the same seed.

Every event's source begins with `simulated:`. What is imitated: most members hardly ever speak and a few
do most of it; weekdays and office hours are busier than weekends and nights; people join all along, are
keenest in their first week, and some leave; one person is on two or three channels under different names;
replies, reviews and kudos go to other members; a few things are taken back.
"""

import hashlib
import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from plaudit_client import AsyncPlaudit, Outcomes
from plaudit_client.types.ingest import IdentitiesDeclared

from plaudit.simulated_members import Member, make_members

MEMBERS_DEFAULT_COUNT = 300
DAYS_DEFAULT_COUNT = 90
MEMBERS_MIN_COUNT = 10
DAYS_MIN_COUNT = 14

FIRST_WEEK_FACTOR = 2.0
WEEKDAY_FACTORS = (1.0, 1.1, 1.1, 1.05, 0.85, 0.45, 0.4)  # Monday first
HOUR_WEIGHTS = (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 9, 8, 9, 10, 10, 9, 8, 7, 7, 6, 5, 3, 2)
RETRACTED_SHARE = 0.02
MEET_UP_WEEKDAY = 3  # Thursday
MEET_UP_AT = timedelta(hours=18)
SURVEY_EVERY_DAYS = 30
RECENT_COUNT = 40
#: What is talked about in the forum; most of what somebody begins is about a favourite of theirs.
TOPICS = ("Beds and borders", "Compost", "Greenhouses", "Orchards", "Pests", "Seeds", "Tools", "Watering")
FAVOURITE_SHARE = 0.6
#: As many as one request takes.
DECLARED_AT_ONCE_COUNT = 200


@dataclass(frozen=True)
class _Made:
    """Something that others may answer: its id, its maker, and the channel it is on."""

    id: str
    member: Member
    topic: str = ""


class Simulation:
    """`members` people over `days` days that end at `until` (aware). The same arguments, the same events.

    Raises ValueError for a naive time or a community too small to show anything.
    """

    def __init__(
        self,
        seed: int,
        until: datetime,
        members: int = MEMBERS_DEFAULT_COUNT,
        days: int = DAYS_DEFAULT_COUNT,
    ) -> None:
        if until.tzinfo is None:
            raise ValueError("the end of a simulation must be an aware time")
        if members < MEMBERS_MIN_COUNT or days < DAYS_MIN_COUNT:
            raise ValueError(f"a simulation has at least {MEMBERS_MIN_COUNT} members and {DAYS_MIN_COUNT} days")
        self.seed = seed
        self.until = until
        self.days = days
        self.start = (until - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        name = f"{seed}|{until.isoformat()}|{members}|{days}"
        #: Part of every id, so that two simulations in one community don't collide.
        self.label = hashlib.sha256(name.encode()).hexdigest()[:8]
        rng = Random(f"members|{name}")
        self.members: Sequence[Member] = make_members(rng, members, self.start, days)

    def events(self) -> Iterator[dict[str, Any]]:
        """CloudEvents in order of time, each valid against its contract; times are aware datetimes."""
        yield from _Run(self).events()


def _poisson(rng: Random, mean: float) -> int:
    """A Poisson variate by Knuth's product method, for small means (The Art of Computer Programming 3.4.1)."""
    limit, product, drawn = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        drawn += 1
    return drawn


Act = Callable[[datetime, Member], Iterator[dict[str, Any]]]


class _Run:
    """One pass over the days: what happens, and what follows from it later."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._rng = Random(f"events|{simulation.label}")
        self._topics = Random(f"topics|{simulation.label}")
        self._numbers = count(1)
        self._ties = count()
        self._queue: list[tuple[datetime, int, Act, Member]] = []
        self._recent: dict[str, deque[_Made]] = {}
        self._acts: dict[str, tuple[tuple[Act, int], ...]] = {
            "forum": ((self._post, 3), (self._reply, 7)),
            "chat": ((self._message, 12), (self._reaction, 5), (self._kudos, 2)),
            "code": ((self._commit, 8), (self._pull_request, 3), (self._issue, 2), (self._comment, 3)),
            "social": ((self._share, 1),),
            "support": ((self._ticket, 1),),
        }

    def events(self) -> Iterator[dict[str, Any]]:
        simulation = self._simulation
        for day in range(simulation.days + 1):
            begin = simulation.start + timedelta(days=day)
            self._plan_day(day, begin)
            yield from self._happen(begin + timedelta(days=1))

    def _happen(self, before: datetime) -> Iterator[dict[str, Any]]:
        while self._queue and self._queue[0][0] < before:
            at, _, act, member = heapq.heappop(self._queue)
            yield from act(at, member)

    def _at(self, at: datetime, member: Member, act: Act) -> None:
        if at < self._simulation.until:
            heapq.heappush(self._queue, (at, next(self._ties), act, member))

    def _plan_day(self, day: int, begin: datetime) -> None:
        rng = self._rng
        weekday = begin.weekday()
        for member in self._simulation.members:
            if begin <= member.joined_at < begin + timedelta(days=1):
                self._at(member.joined_at, member, self._joined)
            mean = member.per_day * WEEKDAY_FACTORS[weekday]
            if timedelta(0) <= begin - member.joined_at < timedelta(days=7):
                mean *= FIRST_WEEK_FACTOR
            for _ in range(_poisson(rng, mean)):
                [hour] = rng.choices(range(24), HOUR_WEIGHTS)
                at = begin + timedelta(hours=hour, seconds=rng.randrange(3600))
                if member.is_here(at):
                    self._at(at, member, self._act)
            keen = min(1.0, 0.1 + member.per_day)
            if "in_person" in member.identities and weekday == MEET_UP_WEEKDAY and rng.random() < keen:
                at = begin + MEET_UP_AT + timedelta(seconds=rng.randrange(1800))
                self._at(at, member, self._check_in)
            asked = day % SURVEY_EVERY_DAYS == SURVEY_EVERY_DAYS - 2
            if asked and "survey" in member.identities and rng.random() < 0.3 + keen / 2:
                at = begin + timedelta(seconds=rng.randrange(86_400))
                self._at(at, member, self._survey)

    def _act(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        channel = self._rng.choice([one for one in member.identities if one in self._acts])
        acts = self._acts[channel]
        [act] = self._rng.choices([act for act, _ in acts], [weight for _, weight in acts])
        yield from act(at, member)

    def _event(self, at: datetime, member: Member, channel: str, kind: str, **data: Any) -> dict[str, Any]:
        event_id = f"{self._simulation.label}-{next(self._numbers):06d}"
        return {
            "specversion": "1.0",
            "type": kind,
            "source": f"simulated:{channel}",
            "id": event_id,
            "time": at,
            "data": {"channel": channel, "actor": _person(member, channel), **data},
        }

    def _remember(self, kind: str, made_id: str, member: Member, *, topic: str = "") -> None:
        self._recent.setdefault(kind, deque(maxlen=RECENT_COUNT)).append(_Made(made_id, member, topic))

    def _topic(self, member: Member) -> str:
        is_favourite = self._topics.random() < FAVOURITE_SHARE
        return TOPICS[member.number % len(TOPICS)] if is_favourite else self._topics.choice(TOPICS)

    def _recall(self, kind: str, member: Member) -> _Made | None:
        """Something recent of another member; the newest are likeliest."""
        others = [made for made in self._recent.get(kind, ()) if made.member is not member]
        return others[-1 - int(len(others) * self._rng.random() ** 2)] if others else None

    def _other(self, at: datetime, member: Member, channel: str) -> Member | None:
        others = [
            one
            for one in self._simulation.members
            if one is not member and channel in one.identities and one.is_here(at)
        ]
        return self._rng.choices(others, [one.per_day for one in others])[0] if others else None

    def _perhaps_taken_back(self, at: datetime, member: Member, event: dict[str, Any]) -> None:
        if self._rng.random() >= RETRACTED_SHARE:
            return
        target = {"source": event["source"], "id": event["id"]}
        channel = event["data"]["channel"]

        def retract(at: datetime, member: Member) -> Iterator[dict[str, Any]]:
            yield self._event(
                at, member, channel, "activity.retracted.v1", target=target, reason="removed by its author"
            )

        self._at(at + timedelta(seconds=self._rng.randrange(600, 172_800)), member, retract)

    def _joined(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        yield self._event(at, member, next(iter(member.identities)), "member.joined.v1")

    def _post(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        length_chars, topic = self._rng.randrange(80, 4_000), self._topic(member)
        event = self._event(at, member, "forum", "forum.post.v1", length_chars=length_chars, topic=topic)
        self._remember("post", event["id"], member, topic=topic)
        self._perhaps_taken_back(at, member, event)
        yield event

    def _reply(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        post = self._recall("post", member)
        if post is None:
            yield from self._post(at, member)
            return
        event = self._event(
            at,
            member,
            "forum",
            "forum.reply.v1",
            in_reply_to=_thing(post.id, post.member, "forum"),
            length_chars=self._rng.randrange(20, 2_000),
            topic=post.topic,
        )
        yield event
        self._perhaps_taken_back(at, member, event)
        if self._rng.random() < 0.2:
            answer = _thing(event["id"], member, "forum")

            def accept(at: datetime, asker: Member) -> Iterator[dict[str, Any]]:
                if asker.is_here(at):
                    yield self._event(at, asker, "forum", "forum.answer_accepted.v1", object=answer)

            self._at(at + timedelta(seconds=self._rng.randrange(300, 86_400)), post.member, accept)

    def _message(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        event = self._event(at, member, "chat", "chat.message.v1", length_chars=self._rng.randrange(2, 400))
        answered = self._recall("message", member) if self._rng.random() < 0.4 else None
        if answered:
            event["data"]["in_reply_to"] = _thing(answered.id, answered.member, "chat")
        self._remember("message", event["id"], member)
        self._perhaps_taken_back(at, member, event)
        yield event

    def _reaction(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        message = self._recall("message", member)
        if message is None:
            yield from self._message(at, member)
            return
        liked = _thing(message.id, message.member, "chat")
        reaction = self._rng.choice(("thumbsup", "heart", "tada", "eyes"))
        yield self._event(at, member, "chat", "chat.reaction.v1", object=liked, reaction=reaction)

    def _kudos(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        other = self._other(at, member, "chat")
        if other:
            thanked = _thing(f"member:{other.identities['chat']}", other, "chat")
            message = self._rng.choice(("thank you!", "great talk", "you saved my week", "lovely review"))
            yield self._event(at, member, "chat", "kudos.given.v1", object=thanked, message=message)

    def _commit(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        rng = self._rng
        yield self._event(
            at,
            member,
            "code",
            "code.commit.v1",
            repository="simulated/garden",
            files_changed=1 + int(rng.expovariate(0.4)),
            lines_added=int(rng.expovariate(0.02)),
            lines_deleted=int(rng.expovariate(0.04)),
            parents=1,
        )

    def _forge(self, at: datetime, member: Member, kind: str, action: str, **data: Any) -> dict[str, Any]:
        return self._event(at, member, "code", kind, repository="simulated/garden", action=action, **data)

    def _pull_request(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        rng = self._rng
        opened = self._forge(at, member, "code.pull_request.v1", "opened", merged=False)
        thing = _thing(f"pull_request:{opened['id']}", member, "code")
        opened["data"]["object"] = thing
        self._remember("discussed", thing["id"], member)
        yield opened
        closed_at = at + timedelta(seconds=rng.randrange(3_600, 4 * 86_400))
        merged = rng.random() < 0.8
        reviewer = self._other(at, member, "code")

        def review(at: datetime, reviewer: Member) -> Iterator[dict[str, Any]]:
            if reviewer.is_here(at):
                state = "approved" if merged else "changes_requested"
                yield self._forge(at, reviewer, "code.review.v1", "submitted", object=thing, state=state)

        def close(at: datetime, member: Member) -> Iterator[dict[str, Any]]:
            yield self._forge(at, member, "code.pull_request.v1", "closed", object=thing, merged=merged)

        if reviewer:
            self._at(at + (closed_at - at) * rng.random(), reviewer, review)
        self._at(closed_at, member, close)

    def _issue(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        event = self._forge(at, member, "code.issue.v1", "opened")
        event["data"]["object"] = _thing(f"issue:{event['id']}", member, "code")
        self._remember("discussed", event["data"]["object"]["id"], member)
        yield event

    def _comment(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        discussed = self._recall("discussed", member)
        if discussed is None:
            yield from self._issue(at, member)
            return
        answered = _thing(discussed.id, discussed.member, "code")
        yield self._forge(at, member, "code.comment.v1", "created", in_reply_to=answered)

    def _share(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        length_chars = self._rng.randrange(40, 280)
        yield self._event(at, member, "social", "social.share.v1", length_chars=length_chars)

    def _ticket(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        event = self._event(at, member, "support", "support.ticket_resolved.v1")
        asker = self._other(at, member, "support")
        ticket_id = f"ticket:{event['id']}"
        event["data"]["object"] = _thing(ticket_id, asker, "support") if asker else {"id": ticket_id}
        yield event

    def _check_in(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        if member.is_here(at):
            meet_up = {"id": f"meet-up:{at.date().isoformat()}"}
            yield self._event(at, member, "in_person", "in_person.check_in.v1", object=meet_up)

    def _survey(self, at: datetime, member: Member) -> Iterator[dict[str, Any]]:
        if member.is_here(at):
            score = min(10, max(0, round(self._rng.gauss(8.0, 1.8))))
            yield self._event(at, member, "survey", "survey.response.v1", score=score)


def _person(member: Member, channel: str) -> dict[str, str]:
    return {"id": member.identities[channel], "name": member.name}


def _thing(thing_id: str, author: Member, channel: str) -> dict[str, Any]:
    return {"id": thing_id, "author": _person(author, channel)}


async def play(
    client: AsyncPlaudit, simulation: Simulation, *, on_progress: Callable[[str], None] = lambda text: None
) -> Outcomes:
    """Declare who is one person, send every event, and wait for what became of them.

    The client's key needs members:write, events:write and receipts:read. Playing the same simulation again
    gives duplicates only. Raises PlauditError or UnreachableError.
    """
    on_progress(f"declaring {len(simulation.members)} simulated members")
    declared: list[IdentitiesDeclared] = [
        {
            "identities": [{"channel": channel, "id": one} for channel, one in member.identities.items()],
            "name": member.name,
        }
        for member in simulation.members
    ]
    for start in range(0, len(declared), DECLARED_AT_ONCE_COUNT):
        await client.ingest.post_members_declare(members=declared[start : start + DECLARED_AT_ONCE_COUNT])
    on_progress(f"sending {simulation.days} simulated days")
    sent = await client.send(simulation.events())
    on_progress("waiting for the outcomes")
    outcomes = await client.wait(sent.receipt_ids)
    outcomes.rejected += len(sent.rejected)
    return outcomes
