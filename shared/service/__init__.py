"""A service: what makes one, the parts of its process, and the process."""

from shared.service.parts import Parts, describe
from shared.service.process import run
from shared.service.spec import ServiceSpec, Timer

__all__ = ["Parts", "ServiceSpec", "Timer", "describe", "run"]
