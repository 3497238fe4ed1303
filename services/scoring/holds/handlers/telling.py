"""What a case is from now on becomes a fact."""

from services.scoring.signals.domain.cases import SignalCase
from shared.contracts.facts import SIGNAL_CASE_CHANGED, SignalCaseData, SignalData
from shared.topics import SIGNALS
from shared.transaction import Transaction

#: What a fact says of givers at most; of more it leaves them out, and everything that was received is meant.
TOLD_GIVERS_MAX_COUNT = 200
#: And of signals, the strongest.
TOLD_SIGNALS_MAX_COUNT = 50


def tell(tx: Transaction, case: SignalCase) -> None:
    """Publish what a case is from now on."""
    signals: list[SignalData] = []
    for one in case.found[:TOLD_SIGNALS_MAX_COUNT]:
        said: SignalData = {"signal": one.signal.value, "score_percent": one.percent}
        if one.givers is not None and len(one.givers) <= TOLD_GIVERS_MAX_COUNT:
            said["givers"] = sorted(one.givers)
        signals.append(said)
    data: SignalCaseData = {
        "case_id": case.case_id,
        "member_id": case.key.member_id,
        "revision": case.revision,
        "state": case.state.value,
        "starts_on": case.starts_on,
        "score_percent": case.score_percent,
        "signals": signals,
        "programme_version": case.programme_version,
        "opened_at": case.opened_at,
    }
    if case.asked_by is not None and case.asked_by.person_id is not None:
        data["asked_by_person"] = case.asked_by.person_id
    if case.decided_by is not None and case.decided_by.person_id is not None:
        data["decided_by_person"] = case.decided_by.person_id
    if case.reason is not None:
        data["reason"] = case.reason.value
    tx.tell(
        SIGNALS,
        SIGNAL_CASE_CHANGED,
        fact_id=case.fact_id,
        community=case.key.community,
        subject=case.key.member_id,
        data=data,
    )
