"""What the gateway itself answers where a service does not, or is not asked; of 502 and 504 it may be done."""

from shared.http.problem_types import ProblemType

TOO_MANY_AT_ONCE = ProblemType("too-many-at-once", 429, "Too many requests at once from one address")
BAD_GATEWAY = ProblemType("bad-gateway", 502, "The service broke off")
SERVICE_UNREACHABLE = ProblemType("service-unreachable", 503, "The service cannot be reached")
GATEWAY_TIMEOUT = ProblemType("gateway-timeout", 504, "The service did not answer in time")

#: What any request through the gateway may be answered.
PROBLEMS = (TOO_MANY_AT_ONCE, BAD_GATEWAY, SERVICE_UNREACHABLE, GATEWAY_TIMEOUT)
