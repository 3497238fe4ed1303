"""Events go through a version by the engine that scores them live: all that its rules have for them are claims."""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.scoring.awards.domain.awards import Earned, as_claim, make
from services.scoring.backtests.domain.known import Told
from services.scoring.backtests.domain.replaying import Side, answers_of
from services.scoring.limits.domain.claims import Claim
from services.scoring.rules.domain.asking import questions
from services.scoring.rules.domain.attributes import Known
from services.scoring.rules.domain.compiling import compile_version
from services.scoring.rules.domain.matching import match
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import Programme

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def side_of(programme: Programme, number: int) -> Side:
    """A published version, as if it had always been in force."""
    return Side(programme.title, [compile_version(programme, number, _BEGINNING)], {number: programme})


def rescore(events: Sequence[AcceptedEvent], side: Side, told: Told, known: Known) -> list[Claim]:
    """What a version has for events, which are each there once: also what no limit is over is a claim."""
    claims: list[Claim] = []
    versions = {told.community: side.versions}
    for heads, piece in told.persons.slices(events):
        asked = questions(piece, versions, known, heads)
        answers = {key: answers_of(question) for key, question in asked.items()}
        matched = match(piece, versions, answers, known, heads)
        made = make(matched.candidates, {}, heads=heads, standing=told.standing)
        claims += made.claims
        claims += [as_claim(Earned(award, 0, 0), None, None) for award in made.awards]
    return claims
