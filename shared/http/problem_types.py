"""What kinds of problem there are: RFC 9457's `type` and `title`, and the HTTP status each is answered with.

A client tells two problems of one status apart by their type, which never changes its meaning; docs/problems.md
lists every one. Here are those that any service may answer; its own are in its `problems.py`.
"""

from dataclasses import dataclass

URI_PREFIX = "urn:plaudit:problem:"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem: `slug` names it in its URI, `title` is the same in every answer of the kind."""

    slug: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """RFC 9457's `type`."""
        return URI_PREFIX + self.slug


MALFORMED_HTTP = ProblemType("malformed-http", 400, "The request is not HTTP")
MALFORMED_JSON = ProblemType("malformed-json", 400, "The request is not JSON")
BODY_NOT_COMPRESSED = ProblemType("body-not-compressed", 400, "The body is not what its content encoding says")
INCOMPLETE_REQUEST = ProblemType("incomplete-request", 400, "The request is not complete")
MISSING_ACCESS_KEY = ProblemType("missing-access-key", 401, "No access key")
UNKNOWN_ACCESS_KEY = ProblemType("unknown-access-key", 401, "Unknown access key")
EXPIRED_ACCESS_KEY = ProblemType("expired-access-key", 401, "The access key has expired")
DISABLED_PERSON = ProblemType("disabled-person", 401, "The person was disabled")
INVALID_TOKEN = ProblemType("invalid-token", 401, "The token is not valid")
EXPIRED_TOKEN = ProblemType("expired-token", 401, "The token has expired")
MISSING_SCOPE = ProblemType("missing-scope", 403, "The access key lacks a scope")
ABOUT_YOURSELF = ProblemType("about-yourself", 403, "Nobody decides what is about themselves")
OTHER_COMMUNITY = ProblemType("other-community", 403, "The authority does not reach so far")
UNKNOWN_PATH = ProblemType("unknown-path", 404, "No such path")
UNKNOWN_MEMBER = ProblemType("unknown-member", 404, "Member not found")
UNKNOWN_IDENTITY = ProblemType("unknown-identity", 404, "No member has that identity")
UNKNOWN_AUDIENCE = ProblemType("unknown-audience", 404, "The programme has no such audience")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "The path does not take this method")
SLOW_REQUEST = ProblemType("slow-request", 408, "The request came too slowly")
REQUEST_TOO_LARGE = ProblemType("request-too-large", 413, "The request is too large")
UNSUPPORTED_CONTENT_ENCODING = ProblemType(
    "unsupported-content-encoding", 415, "The content encoding is not supported"
)
UNSUPPORTED_CONTENT_TYPE = ProblemType("unsupported-content-type", 415, "The content type is not supported")
INVALID_REQUEST = ProblemType("invalid-request", 422, "The request is not valid")
UNKNOWN_FIELD = ProblemType("unknown-field", 422, "The request says something that is not known here")
INVALID_CURSOR = ProblemType("invalid-cursor", 422, "The cursor is not valid")
HEAD_TOO_LARGE = ProblemType("head-too-large", 431, "The request's head is too large")
TOO_MANY_READS = ProblemType("too-many-reads", 429, "Too many requests with a publishable key")
INTERNAL_ERROR = ProblemType("internal-error", 500, "Internal error")
NOT_AVAILABLE = ProblemType("not-available", 503, "Not available for the moment")
FENCED = ProblemType("fenced", 503, "The service does not know all that it did")
TOO_MANY_CONNECTIONS = ProblemType("too-many-connections", 503, "Too many connections")

#: What any route with an access key may answer.
COMMON = (
    MALFORMED_JSON,
    MISSING_ACCESS_KEY,
    UNKNOWN_ACCESS_KEY,
    EXPIRED_ACCESS_KEY,
    DISABLED_PERSON,
    INVALID_TOKEN,
    EXPIRED_TOKEN,
    MISSING_SCOPE,
    REQUEST_TOO_LARGE,
    INVALID_REQUEST,
    UNKNOWN_FIELD,
    NOT_AVAILABLE,
    FENCED,
)
