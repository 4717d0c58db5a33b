"""What comes to a case from outside reaches its diagram as a message or a signal."""

from collections.abc import Mapping
from typing import Any

from workflow import engine
from workflow.cases import effects
from workflow.cases.keeping import keep_step
from workflow.cases.kept_clocks import read_clocks
from workflow.cases.stepping import advance
from workflow.cases.work import Work


def receive(
    work: Work, event: engine.Message | engine.Signal, kind: str, task: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The step that the event makes, with its effects; `kind` and `task` are those of its entry.

    Raises:
        StepImpossible: the case does not wait for it.
    """
    clocks = read_clocks(work)
    step = advance(work, event, clocks)
    effects.follow(work, step, clocks)
    word = "message" if isinstance(event, engine.Message) else "signal"
    return keep_step(work, step, clocks, kind=kind, command={"name": word, word: event.name}, task=task)
