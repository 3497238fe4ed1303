"""HTTP as every service does it: one import for routes."""

from shared.access_keys import Principal
from shared.http.auth import requires
from shared.http.direct import Answer, DirectRoute, Read
from shared.http.pages import After, Limit, Page, decode_cursor, encode_cursor
from shared.http.problems import PROBLEMS, FieldError, Problem, problem_responses

__all__ = [
    "PROBLEMS",
    "After",
    "Answer",
    "DirectRoute",
    "FieldError",
    "Limit",
    "Page",
    "Principal",
    "Problem",
    "Read",
    "decode_cursor",
    "encode_cursor",
    "problem_responses",
    "requires",
]
