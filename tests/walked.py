"""A case walked through the engine alone: no database, no forms, only what people answer."""

import re
from collections.abc import Callable, Iterable, Set
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import bpmn
from workflow.engine import Complete, Message, Model, Signal, Step, Tick, read_model, start, step

FLOWS = Path(bpmn.__file__).parent / "flows"
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

APPLICATION = {
    "filed_by": "township",
    "category": "DB",
    "low_income": False,
    "relative_case": False,
    "posting_review": True,
    "posting_decision": True,
    "review_signatures": 10,
    "review_majority": 5_000,
    "policy": "plan-2026",
    "oral": False,
}
USUAL = {
    "check_papers": {"acceptance": "accept"},
    "record_review": {
        "votes_yes": 14,
        "votes_no": 1,
        "votes_abstain": 1,
        "voters_present": 17,
        "voters_withdrawn": 1,
    },
    "tell_review_result": {"after_review": "go_on"},
    "register_objection": {"objection_named": True},
    "recheck_objection": {"objection_result": "unfounded"},
    "audit_file": {"in_doubt": False},
    "give_opinion": {"opinion": "qualified", "aid_fen": 1_519_960, "warnings": [], "relative_case": False},
    "examine_file": {"aid_fen": 1_519_960, "warnings": [], "serious_illness_settled": True},
    "recheck_file": {"recheck": "pass", "serious_illness_settled": True},
    "decide": {"decision": "approve"},
    "recheck_payment": {"set_off_fen": 0, "rest_fen": 1_519_960},
    "confirm_credit": {"bank": "credited"},
    "verify_death": {"death_confirmed": True},
}


@cache
def model() -> Model:
    return read_model({f"flows/{file.name}": file.read_bytes() for file in FLOWS.iterdir()})


class Case:
    """One case, driven by what people do. Every limit is seven days from when it is asked for, but for those
    in `ends`.
    """

    def __init__(self, flow: str = "ma_ordinary_county", **given: object) -> None:
        self.now = MORNING
        self.ends: dict[str, datetime] = {}
        self.passed: list[str] = []
        self.effects: list[tuple[str, ...]] = []
        self.dues: list[str] = []
        self.step: Step
        self._took(start(model(), flow, APPLICATION | given, self.now, self._due))

    def _due(self, limit: str) -> datetime:
        return self.ends.get(limit, self.now + timedelta(days=7))

    def _took(self, taken: Step) -> None:
        self.step = taken
        self.passed += taken.path
        self.dues += taken.dues
        self.effects += [(effect.operator, *map(str, effect.params.values())) for effect in taken.effects]

    def does(self, node: str, **answers: object) -> "Case":
        """Complete an open step with the usual answers, changed by ``answers``."""
        number = next(task.id for task in self.step.open if task.node == node and task.kind == "user")
        self.now += timedelta(minutes=5)
        command = Complete(number, USUAL.get(node, {}) | answers)
        self._took(step(model(), self.step.state, command, self.now, self._due))
        return self

    def hears(self, message: str) -> "Case":
        self._took(step(model(), self.step.state, Message(message), self.now, self._due))
        return self

    def signals(self, signal: str) -> "Case":
        self._took(step(model(), self.step.state, Signal(signal), self.now, self._due))
        return self

    def waits(self) -> "Case":
        """Let more than the seven days pass."""
        self.now += timedelta(days=8)
        self._took(step(model(), self.step.state, Tick(), self.now, self._due))
        return self

    def goes(self, *nodes: str) -> "Case":
        """Each step in this order; "D04" and "D02" stand for waiting until that timer fires."""
        for node in nodes:
            if node in ("D02", "D04"):
                assert self.step.timers, f"no timer runs, open: {self.open}"
                self.waits()
            else:
                assert node in self.open, f"{node} is not open, but {self.open}"
                self.does(node)
        return self

    @property
    def open(self) -> list[str]:
        return sorted(task.node for task in self.step.open)

    @property
    def states(self) -> set[str]:
        return {task.properties["state"] for task in self.step.open}

    @property
    def letters(self) -> list[str]:
        return [effect[1] for effect in self.effects if effect[0] == "issue_letter"]

    def known(self, variable: str) -> object:
        return self.step.variables.get(variable)


def called(flow: str) -> set[str]:
    """A flow with everything it calls."""
    found = re.findall(r'calledElement="(\w+)"', (FLOWS / f"{flow}.bpmn").read_text())
    return {flow}.union(*(called(name) for name in found))


def nodes_of(flow: str) -> set[str]:
    """Every node of a flow and of what it calls, as "process.node"."""
    return {f"{name}.{node}" for name in called(flow) for node in model().flows[name].nodes}


def unpassed(stories: Iterable[Callable[[], Case]], own: Set[str], *flows: str) -> set[str]:
    """The nodes of these flows that no story has come by, in the processes that are the flow's own."""
    passed = {node for story in stories for node in story().passed}
    drawn = {node for flow in flows for node in nodes_of(flow) if node.partition(".")[0] in own}
    return drawn - passed
