"""A service: what makes one, the parts of its process, and the process."""

from shared.service.parts import Parts, describe
from shared.service.process import run
from shared.service.spec import Errand, ServiceSpec, Timer

__all__ = ["Errand", "Parts", "ServiceSpec", "Timer", "describe", "run"]
