"""Where a finding stands, and what can be done with it there. Pure.

drafted ──send──▶ sent ──answer──▶ answered ──accept──▶ accepted ──close──▶ closed
  │                                 ▲    │                  │
  └─discard─▶ discarded          answer  └─return─▶ returned ◀─return─┘
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bpmn import Text
from workflow.errors import StepImpossible

State = Literal["drafted", "discarded", "sent", "returned", "answered", "accepted", "closed"]
Side = Literal["inspection", "office"]


@dataclass(frozen=True, slots=True)
class Move:
    """`frm`: states it leads out of, none for the first; `entry`: the type of its log entry; `hidden`: in the
    log of reads; `form`: what is asked.
    """

    name: str
    frm: frozenset[State]
    to: State
    side: Side
    entry: str
    words: Text
    form: str | None = None
    hidden: bool = False


STATES: Final[Mapping[State, Text]] = {
    "drafted": Text("草稿", "Draft"),
    "discarded": Text("已作废", "Discarded"),
    "sent": Text("等整改答复", "Answer owed"),
    "returned": Text("退回，等重新答复", "Sent back, answer owed"),
    "answered": Text("已答复，等核查", "Answered"),
    "accepted": Text("已接受，等回头看", "Accepted, to be looked at again"),
    "closed": Text("已销号", "Closed"),
}
OWED: Final[frozenset[State]] = frozenset({"sent", "returned"})
"""The office owes an answer by D36."""
UNSENT: Final[frozenset[State]] = frozenset({"drafted", "discarded"})
"""The office does not see it."""
OVER: Final[frozenset[State]] = frozenset({"discarded", "closed"})


def _states(*names: State) -> frozenset[State]:
    return frozenset(names)


MOVES: Final[Mapping[str, Move]] = {
    move.name: move
    for move in (
        Move(
            "draft", _states("drafted"), "drafted", "inspection", "finding_drafted",
            Text("写下", "Written down"), "finding", hidden=True,
        ),
        Move(
            "discard", _states("drafted"), "discarded", "inspection", "finding_discarded",
            Text("作废", "Discarded"), hidden=True,
        ),
        Move(
            "send", _states("drafted"), "sent", "inspection", "finding_sent",
            Text("发出督办", "Sent to the office"),
        ),
        Move(
            "answer", OWED, "answered", "office", "finding_answered",
            Text("整改答复", "Answered"), "finding_answer",
        ),
        Move(
            "return", _states("answered", "accepted"), "returned", "inspection", "finding_returned",
            Text("退回", "Sent back"), "finding_return",
        ),
        Move(
            "accept", _states("answered"), "accepted", "inspection", "finding_accepted",
            Text("接受整改", "Accepted"), "finding_acceptance",
        ),
        Move(
            "close", _states("accepted"), "closed", "inspection", "finding_closed",
            Text("回头看，销号", "Looked at again and closed"), "finding_closing",
        ),
    )
}  # fmt: skip


def after(state: State, move: str) -> State:
    """The state after a move. Raises StepImpossible where it does not lead out of `state`."""
    if not possible(state, move):
        at, what = STATES[state], MOVES[move].words
        raise StepImpossible(
            Text(f"这个问题现在是“{at.zh}”，不能{what.zh}。", f"It stands at “{at.en}”: not possible now.")
        )
    return MOVES[move].to


def possible(state: State, move: str) -> bool:
    return state in MOVES[move].frm
