"""What the gateway itself answers when a service does not: one says that nothing was done, two that it may be."""

from shared.http.problem_types import ProblemType

BAD_GATEWAY = ProblemType("bad-gateway", 502, "The service broke off")
SERVICE_UNREACHABLE = ProblemType("service-unreachable", 503, "The service cannot be reached")
GATEWAY_TIMEOUT = ProblemType("gateway-timeout", 504, "The service did not answer in time")

#: What any request through the gateway may be answered.
PROBLEMS = (BAD_GATEWAY, SERVICE_UNREACHABLE, GATEWAY_TIMEOUT)
