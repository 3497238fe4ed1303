"""What is done when rows turn out to have been changed by somebody else."""

import logging

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.metrics import ALTERED_REFUSALS

log = logging.getLogger(__name__)


def alarm(error: AlteredError) -> AlteredError:
    """Count a command that is refused because rows were altered, and log why; return what to raise."""
    ALTERED_REFUSALS.inc()
    log.error("rows were changed behind the service's back: %s", error)
    return error
