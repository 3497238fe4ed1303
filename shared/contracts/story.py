"""The story that the examples tell, of a community `acme`, in what more than one of them names.

Grace answers, Ada accepts the answer, and Grace is paid for it. Ids are those that the services derive.
"""

from typing import Any, Final

FORUM: Final = "https://forum.example.org"
ADA_IN_FORUM: Final = {"id": "ada", "name": "Ada"}
GRACE_IN_FORUM: Final = {"id": "grace", "name": "Grace"}
#: The event that everything else in the story comes of, as the forum sends it.
ACCEPTED_ANSWER: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "solution-93",
    "source": FORUM,
    "type": "forum.answer_accepted.v1",
    "time": "2026-01-31T12:30:00Z",
    "data": {
        "channel": "forum",
        "actor": ADA_IN_FORUM,
        "object": {"id": "post-93", "author": GRACE_IN_FORUM, "url": f"{FORUM}/t/12/93"},
    },
}
ADA: Final = "82b61666-b7e6-5f62-b31f-fa66f08cfb53"
GRACE: Final = "4c39c896-6567-5f3d-b613-7279cc0159c6"
ACCEPTANCE: Final = "92c6a35f-6a65-5dca-ad51-e3e58b2562ff"
AWARD: Final = "019c1408-1540-892c-aa35-229b59fc0aa3"
AMENDMENT: Final = "019c1408-1540-892c-aa35-6ac361c87efe"
BADGE: Final = "9d07b65d-2b31-5c86-9285-a0f42354db3a"
REDEMPTION: Final = "caf3cc87-9993-5c9c-b320-b8c5e5b732c4"
PAYOUT_RUN: Final = "c7c688f6-5bea-5520-816f-6aa2dec34849"
PAYOUT: Final = "ca04d540-7a1c-50b3-98f7-fc1eeae59c56"
RECEIPT: Final = "r019c14a6f2a8a4d5b6c7d8e9f00130f8b485d8c2960d-1"
TRACEPARENT: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
