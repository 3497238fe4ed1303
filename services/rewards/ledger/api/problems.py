"""Kinds of problem that several of rewards' APIs answer."""

from shared.http import ProblemType

ALTERED = ProblemType("rows-altered", 409, "Rows were changed behind the service's back")
