"""Shares as the API shows them: never a number where there is nothing to divide by."""

from fractions import Fraction
from typing import Self

from pydantic import BaseModel, Field


class ShareShown(BaseModel):
    """So many of so many."""

    number: int = Field(examples=[2])
    of: int = Field(examples=[3])
    value: float | None = Field(description="The quotient; null where `of` is zero", examples=[0.6667])
    why_none: str | None = Field(None, description="Why there is no value", examples=[None])

    @classmethod
    def of_counts(cls, number: int, of: int, *, why_none: str) -> Self:
        """A share as the API shows it, to four places."""
        if not of:
            return cls(number=number, of=0, value=None, why_none=why_none)
        return cls(number=number, of=of, value=round(float(Fraction(number, of)), 4))

    @property
    def cell(self) -> str:
        """The value as a cell of a table; empty where there is none."""
        return "" if self.value is None else str(self.value)
