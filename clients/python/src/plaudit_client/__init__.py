"""The client of Plaudit.

    from plaudit_client import Plaudit

    with Plaudit("https://plaudit.example.org", key) as plaudit:
        sent = plaudit.send(events)
        print(plaudit.wait(sent.receipt_ids))
        for payout in plaudit.rewards.iter_payouts(state="submitted"):
            print(payout["payout_id"], payout["amount_minor"])

`AsyncPlaudit` is the same for code with an event loop; `Recorder` takes events at once, sends them in the
background and keeps them on disk while the platform is away.
"""

from plaudit_client.asynchronous import AsyncPlaudit
from plaudit_client.calls import NOT_GIVEN
from plaudit_client.errors import PlauditError, QueueFullError, UnreachableError
from plaudit_client.events import Event, Outcomes, Receipt, ReceiptItem, Refused, Sent
from plaudit_client.recording import Recorded, Recorder
from plaudit_client.synchronous import Plaudit, send_and_wait

__all__ = [
    "NOT_GIVEN",
    "AsyncPlaudit",
    "Event",
    "Outcomes",
    "Plaudit",
    "PlauditError",
    "QueueFullError",
    "Receipt",
    "ReceiptItem",
    "Recorded",
    "Recorder",
    "Refused",
    "Sent",
    "UnreachableError",
    "send_and_wait",
]
