"""Drive cases through the services and stop the time of each command, nothing else."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from bpmn import Text
from workflow import engine
from workflow.actor import SYSTEM, Actor
from workflow.bench.ground import BEGIN, POLICY, STORY, Ground
from workflow.bench.rivals.pace import Pace, payload
from workflow.commands import Command, CompleteTask, FireTimers, NewPaper, OpenCase
from workflow.deadlines import SHANGHAI
from workflow.demo.answers import fill
from workflow.demo.papers import demonstration_papers
from workflow.errors import Busy, NotAllowed
from workflow.handle import Outcome, handle
from workflow.house import House
from workflow.store.models import Case, Task, Timer

STRAIGHT, LOOP, WHOLE = "bench_straight", "bench_loop", "ma_ordinary_county"
NOTE = "材料齐全，情况属实，按规定办理。"
STEPS = (("VLIA", "village_result"), ("TREV", "township_result"), ("CAPR", "county_result"))
_OPEN = select(Task.id, Task.node, Task.process, Task.form, Task.role, Task.org).where(
    Task.done_at.is_(None), Task.kind == "user"
)
GIVEN = ("application_form", "id_card", "diagnosis", "invoice", "settlement_statement", "passbook")

TRIES = 6
BUSY = Text("数据库一直忙。", "The database stayed busy.")
Seen = Callable[[str, Outcome], None]


class Driver:
    """One client: it knows the seats and reads what is open, as a page would, outside the measured time.

    The house lives in the client's simulated time.
    """

    def __init__(self, house: House, ground: Ground, seen: Seen | None = None) -> None:
        self.house, self.ground, self.seen = house, ground, seen
        self.at = BEGIN
        house.now = lambda: self.at
        self.papers: dict[str, NewPaper] = {}

    def do(self, pace: Pace, actor: Actor, command: Command, name: str) -> Outcome:
        key = uuid4().hex
        with pace:
            outcome = self._handle(actor, command, key)
        if self.seen:
            self.seen(name, outcome)
        return outcome

    def _handle(self, actor: Actor, command: Command, key: str) -> Outcome:
        """Several writers on SQLite queue up; who has waited too long asks again, as a person would."""
        for _ in range(TRIES):
            try:
                return handle(self.house, actor, command, at=self.at, request_id=key)
            except Busy:
                continue
        raise Busy(BUSY)

    def open(self, pace: Pace, flow: str, number: int, who: str = "VLIA") -> UUID:
        """Register one application of 2 kB."""
        person, bills = self.ground.applicants[number]
        self.at = BEGIN + timedelta(seconds=number)
        command = OpenCase(flow, POLICY, person, bills, {"case_data": payload(number)})
        return self._case(self.do(pace, self.ground.actor(who), command, "start"))

    def straight(self, pace: Pace, number: int) -> UUID:
        """Start and three completions: four transitions."""
        case_id = self.open(pace, STRAIGHT, number)
        for role, field in STEPS:
            self.complete(pace, case_id, role, {field: "agree", "note": NOTE})
        return case_id

    def complete(self, pace: Pace, case_id: UUID, role: str, answers: dict[str, str]) -> None:
        self.at += timedelta(hours=1)
        task = self._open_tasks(case_id)[0]
        command = CompleteTask(case_id, task.id, answers)
        self.do(pace, self.ground.actor(role), command, task.node)

    def loop(self, pace: Pace, case_id: UUID) -> None:
        """One correction: the village hands in, the township sends back. Two transitions."""
        self.complete(pace, case_id, "VLIA", {"village_result": "agree", "note": NOTE})
        self.complete(pace, case_id, "TREV", {"township_result": "disagree", "note": NOTE})

    def whole(self, pace: Pace, number: int) -> int:
        """F01 from the application to the archive; returns how many transitions that took."""
        before, random = len(pace.seconds), Random(number)  # noqa: S311 — invented answers
        self.papers = self.papers or demonstration_papers(self.house)
        rules = self.house.rules()
        person, bills = self.ground.applicants[number]
        self.at = BEGIN + timedelta(seconds=number)
        form = rules.rulebook.forms["application"]
        answers = fill(form, {}, STORY.plan("application", 0), random, self.at.astimezone(SHANGHAI).date())
        command = OpenCase(WHOLE, POLICY, person, bills, answers, self._papers(GIVEN))
        case_id = self._case(self.do(pace, self.ground.actor("VLIA"), command, "start"))
        while self._whole_step(pace, case_id, random):
            pass
        return len(pace.seconds) - before

    def _whole_step(self, pace: Pace, case_id: UUID, random: Random) -> bool:
        self.at += timedelta(minutes=40)
        tasks = self._open_tasks(case_id)
        if tasks:
            self._work(pace, case_id, tasks[0], random)
            return True
        with self.house.reader.connect() as conn:
            due = conn.scalar(select(Timer.due_at).where(Timer.case_id == case_id).order_by(Timer.due_at))
        if due is None:
            return False
        self.at = max(self.at, due + timedelta(minutes=5))
        self.do(pace, SYSTEM, FireTimers(case_id), "timer")
        return True

    def _work(self, pace: Pace, case_id: UUID, task: Any, random: Random) -> None:
        with self.house.reader.connect() as conn:
            case = conn.execute(select(Case.engine, Case.rulebook).where(Case.id == case_id)).one()
        rules = self.house.rules(case.rulebook)
        today = self.at.astimezone(SHANGHAI).date()
        variables = engine.variables(rules.model, case.engine, task.id)
        answers = fill(rules.rulebook.forms[task.form], variables, STORY.plan(task.node, 0), random, today)
        evidence = rules.model.node(task.process, task.node).properties.get("evidence", "").split()
        command = CompleteTask(case_id, task.id, answers, self._papers(evidence))
        for actor in self.ground.actors(task.role, task.org):
            try:
                self.do(pace, actor, command, task.node)
            except NotAllowed:
                pace.seconds.pop()  # a colleague has to do it; a refusal is no transition
                continue
            return
        raise RuntimeError(f"nobody may do {task.node}")

    def _papers(self, kinds: Any) -> tuple[NewPaper, ...]:
        return tuple(self.papers[kind] for kind in kinds)

    def _open_tasks(self, case_id: UUID) -> list[Any]:
        with self.house.reader.connect() as conn:
            return list(conn.execute(_OPEN.where(Task.case_id == case_id).order_by(Task.id)))

    @staticmethod
    def _case(outcome: Outcome) -> UUID:
        if outcome.case_id is None:
            raise RuntimeError("an application without a case")
        return outcome.case_id
