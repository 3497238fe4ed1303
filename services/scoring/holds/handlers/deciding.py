"""People release what is held, or deny it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.scoring.holds.handlers.telling import tell
from services.scoring.metrics import SIGNALS_DECIDED
from services.scoring.programmes.domain.publication import Author
from services.scoring.programmes.handlers.in_force import document_in_force
from services.scoring.settings import Settings
from services.scoring.signals.domain.cases import CaseState, Reason, SignalCase, UnknownSignalCaseError
from services.scoring.signals.store import cases as cases_store
from services.scoring.signals.store import looks as looks_store
from shared.access_keys import AboutYourselfError, load_own
from shared.audit import Did
from shared.contracts.programme import Signals
from shared.transaction import Transaction

Decide = Callable[[SignalCase, Signals | None], SignalCase]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides of cases: by a reason of the list, with a note for whoever looks later.

    `verb` is what the audit log calls it, where it is not what is decided.
    """

    by: Author
    reason: Reason
    note: str | None = None
    verb: str | None = None


async def release(
    tx: Transaction[Settings], *, community: str, case_ids: Sequence[str], decision: Decision
) -> list[SignalCase]:
    """Give what cases withhold: at once, or once another approves it, from so many points on.

    What is released already, or asked for, is not changed. Raises UnknownSignalCaseError, AboutYourselfError,
    SignalCaseDecidedError and WrongReasonError, and then none is.
    """

    def decide(case: SignalCase, terms: Signals | None) -> SignalCase:
        if case.state in (CaseState.RELEASED, CaseState.RELEASE_ASKED):
            return case
        return case.released(
            by=decision.by,
            now=tx.now,
            reason=decision.reason,
            note=decision.note,
            second_person_from=None if terms is None else terms.second_person_from,
        )

    verb = decision.verb or "release"
    return await _decide(tx, community=community, case_ids=case_ids, by=decision.by, verb=verb, decide=decide)


async def approve(tx: Transaction[Settings], *, community: str, case_id: str, by: Author) -> SignalCase:
    """Release a case as another person asked. Again changes nothing.

    Raises UnknownSignalCaseError, AboutYourselfError, SignalCaseDecidedError and CaseFourEyesError.
    """

    def decide(case: SignalCase, _terms: Signals | None) -> SignalCase:
        return case if case.state is CaseState.RELEASED else case.approved(by=by, now=tx.now)

    (case,) = await _decide(tx, community=community, case_ids=[case_id], by=by, verb="approve", decide=decide)
    return case


async def deny(
    tx: Transaction[Settings], *, community: str, case_ids: Sequence[str], decision: Decision
) -> list[SignalCase]:
    """Decide that nobody gets what cases withhold. Again changes nothing.

    Raises UnknownSignalCaseError, AboutYourselfError, SignalCaseDecidedError and WrongReasonError, and then none
    is denied.
    """

    def decide(case: SignalCase, _terms: Signals | None) -> SignalCase:
        if case.state is CaseState.DENIED:
            return case
        return case.denied(by=decision.by, now=tx.now, reason=decision.reason, note=decision.note)

    verb = decision.verb or "deny"
    return await _decide(tx, community=community, case_ids=case_ids, by=decision.by, verb=verb, decide=decide)


async def _decide(
    tx: Transaction[Settings], *, community: str, case_ids: Sequence[str], by: Author, verb: str, decide: Decide
) -> list[SignalCase]:
    """Decide cases, of which none names who decides. Raises UnknownSignalCaseError and AboutYourselfError."""
    own = await load_own(tx.conn, community=community, person_id=by.person_id)
    cases: list[tuple[SignalCase, SignalCase]] = []
    _, programme = await document_in_force(tx.conn, community=community, at=tx.now)
    for case_id in sorted(case_ids):
        before = await cases_store.find_case(tx.conn, community=community, case_id=case_id, is_locked=True)
        if before is None:
            raise UnknownSignalCaseError
        if before.names_any(own):
            raise AboutYourselfError
        cases.append((before, decide(before, None if programme is None else programme.signals)))
    for before, after in cases:
        if after != before:
            await cases_store.put_case(tx.conn, after)
            # The timer gives what is released, and amends what is denied: members are locked before cases.
            await looks_store.put_looks(tx.conn, keys=[before.key], is_spread=True)
            tell(tx, after)
            SIGNALS_DECIDED.labels(after.state.value).inc()
    tx.did(_did(cases, verb))
    return [after for _, after in cases]


def _did(cases: Sequence[tuple[SignalCase, SignalCase]], verb: str) -> Did:
    """What the audit log has of a decision; of several cases it is under the first, and names all."""
    before, after = cases[0]
    said: list[dict[str, object]] = [
        {"state": one.state, "held_points": one.held_points, "reason": one.reason} for one in (before, after)
    ]
    if verb == "decide":
        said[1]["cases"] = [one.case_id for _, one in cases]
        said[1]["held_points"] = sum(one.held_points for _, one in cases)
    return Did(
        f"signal_case.{verb}",
        "signal_case",
        after.case_id,
        member_id=after.key.member_id,
        before=said[0],
        after=said[1],
    )
