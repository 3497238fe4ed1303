"""What is new in the event log, and about members, to everything that is made of it."""

from services.analytics.feedback.handlers import note_answers
from services.analytics.goals.handlers import note_outcomes
from services.analytics.ideas.handlers import note_ideas
from services.analytics.network.handlers import note_ties
from services.analytics.participation.handlers import count_events
from services.analytics.response_times.handlers import note_moved, note_said
from services.analytics.retention.handlers import mark
from services.analytics.sentiment.handlers import note_tones
from services.analytics.solutions.handlers import note_solutions
from shared.contracts.facts import AcceptedEvent, MemberFact
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


async def on_members(tx: Transaction, facts: list[MemberFact]) -> None:
    """Keep what every service keeps of members; whoever is one with others now, or no more, is counted anew."""
    followed = await follow(tx, facts)
    members = {
        (moved.community, one) for moved in followed.moved for one in (moved.member_id, moved.was_of, moved.is_of)
    }
    await mark(tx, members)
    await note_moved(tx, members)
