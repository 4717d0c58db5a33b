"""What is wrong with a data file, in words."""

from dataclasses import dataclass

from bpmn.text import Text


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: which file, where in it ("-" for the whole file), and why.

    ``path``: names of the steps by which a case comes there, for what shows only on the way.
    """

    file: str
    element: str
    reason: Text
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        way = f" ({' → '.join(self.path)})" if self.path else ""
        return f"{self.file}: {self.element}: {self.reason.zh} / {self.reason.en}{way}"


class RulebookError(Exception):
    """The data files are refused. `faults` holds every fault found, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in faults))
