"""How sure a share of a sample is: the score interval of Wilson (1927). Pure."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

Z95: Final = 1.959963984540054
"""Standard normal quantile at 0.975."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`right` of `counted`, between `low` and `high` (0 to 1) with 95 % confidence; None where nothing was
    counted.
    """

    right: int
    counted: int
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        return self.right / self.counted if self.counted else None


def rate(right: int, counted: int, z: float = Z95) -> Rate:
    """The share and its interval, without a correction for continuity or for a finite population.

    Raises:
        ValueError: more right than counted, or fewer than none.
    """
    if not 0 <= right <= counted:
        raise ValueError(f"{right} of {counted} is no share")
    if counted == 0:
        return Rate(0, 0, None, None)
    share, square = right / counted, z * z
    middle = (share + square / (2 * counted)) / (1 + square / counted)
    half = z * sqrt(share * (1 - share) / counted + square / (4 * counted**2)) / (1 + square / counted)
    return Rate(right, counted, max(0.0, middle - half), min(1.0, middle + half))
