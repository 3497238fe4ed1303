"""Which data of members there are, and what becomes of them."""

from shared.personal_data.kinds import Erased, Held, Told
from shared.personal_data.nobodys import NOBODYS
from shared.personal_data.register import HELD
from shared.personal_data.told import TOLD

__all__ = ["HELD", "NOBODYS", "TOLD", "Erased", "Held", "Told"]
