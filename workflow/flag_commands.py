"""What an inspector concludes about a red flag; taken by `workflow.handle`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConcludeFlag:
    """`conclusion`: justified, explained or false_alarm, with the reason in words. It may be given again: the
    newest counts, the earlier ones stay.
    """

    flag_id: str
    conclusion: str
    reason: str
