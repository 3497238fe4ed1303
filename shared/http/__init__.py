"""HTTP as every service does it: one import for routes."""

from shared.access_keys import Principal, Public, Scope
from shared.audit import Did
from shared.http.auth import requires
from shared.http.bodies import RequestBody
from shared.http.connected import Begin, Conn, Connected, Snapshot, Tx, configured
from shared.http.direct import Answer, DirectRoute, Read
from shared.http.members import FindOwner, MemberId, MemberNamed, Whose, asked_identity
from shared.http.moments import Day, Moment
from shared.http.pages import Limit, Page, after, encode_cursor, next_cursor
from shared.http.problem_types import ProblemType
from shared.http.problems import ErrorTable, FieldError, Problem, problem_responses
from shared.http.reads import IN_ANSWER, Shown

__all__ = [
    "IN_ANSWER",
    "Answer",
    "Begin",
    "Conn",
    "Connected",
    "Day",
    "Did",
    "DirectRoute",
    "ErrorTable",
    "FieldError",
    "FindOwner",
    "Limit",
    "MemberId",
    "MemberNamed",
    "Moment",
    "Page",
    "Principal",
    "Problem",
    "ProblemType",
    "Public",
    "Read",
    "RequestBody",
    "Scope",
    "Shown",
    "Snapshot",
    "Tx",
    "Whose",
    "after",
    "asked_identity",
    "configured",
    "encode_cursor",
    "next_cursor",
    "problem_responses",
    "requires",
]
