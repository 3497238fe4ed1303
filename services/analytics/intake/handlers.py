"""What is new in the event log, and about members, to everything that is made of it."""

from services.analytics.attributes.handlers import keep_values
from services.analytics.audiences.handlers import forget_turns, note_turns
from services.analytics.content.handlers import note_readers, note_uses
from services.analytics.feedback.handlers import note_answers
from services.analytics.goals.handlers import note_outcomes
from services.analytics.ideas.handlers import note_ideas
from services.analytics.interests.handlers import keep_wishes, note_topics
from services.analytics.network.handlers import note_ties
from services.analytics.participation.handlers import count_events
from services.analytics.response_times.handlers import note_moved, note_said
from services.analytics.retention.handlers.folding import mark
from services.analytics.sentiment.handlers import note_tones
from services.analytics.settings import Settings
from services.analytics.solutions.handlers import note_solutions
from shared.contracts.facts import AcceptedEvent, AudienceFact, MemberFact
from shared.followed_members import follow
from shared.transaction import Transaction


async def on_events(tx: Transaction, events: list[AcceptedEvent]) -> None:
    """Count events as participation, and have whatever else is made of them counted anew."""
    await mark(tx, await count_events(tx, events))
    await note_said(tx, events)
    await note_answers(tx, events)
    await note_tones(tx, events)
    await note_ties(tx, events)
    await note_outcomes(tx, events)
    await note_ideas(tx, events)
    await note_solutions(tx, events)
    await note_topics(tx, events)
    await note_uses(tx, events)


async def on_audiences(tx: Transaction, facts: list[AudienceFact]) -> None:
    """Keep who came into audiences and left them; figures of theirs are counted anew."""
    await mark(tx, await note_turns(tx, facts))


async def on_members(tx: Transaction[Settings], facts: list[MemberFact]) -> None:
    """Keep what every service keeps of members, and attributes that figures are sliced by.

    Whoever is one with others now, or no more, is counted anew, and whose slices are others.
    """
    followed = await follow(tx, facts)
    sliced = await keep_values(tx, followed)
    await forget_turns(tx, followed.erased)
    await keep_wishes(tx, followed)
    members = {
        (moved.community, one) for moved in followed.moved for one in (moved.member_id, moved.was_of, moved.is_of)
    }
    await mark(tx, members | sliced)
    await note_moved(tx, members)
    await note_readers(tx, members)
