"""Stock SpiffWorkflow with its own JSON serializer: the same diagram, one commit per transition.

What its makers' documentation shows: the state of the whole case as JSON, read, moved and written back. The
transition also keeps a task row and a plain audit row, without chain, forms, permissions or deadlines. Only
the clock of its timers is put where the script says.
"""

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import SpiffWorkflow.bpmn.specs.event_definitions.timer as timers
from pace import Pace, options, payload, race  # type: ignore[import-not-found]
from plain import Plain  # type: ignore[import-not-found]
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

TABLES = (
    "CREATE TABLE cases (id TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL)",
    "CREATE TABLE task (id TEXT PRIMARY KEY, case_id TEXT NOT NULL, node TEXT NOT NULL, lane TEXT, "
    "opened_at TEXT NOT NULL, done_at TEXT)",
    "CREATE INDEX task_case ON task (case_id) WHERE done_at IS NULL",
    "CREATE INDEX task_worklist ON task (lane, opened_at) WHERE done_at IS NULL",
    "CREATE TABLE entry (id NUMBER PRIMARY KEY, case_id TEXT NOT NULL, node TEXT NOT NULL, at TEXT NOT NULL, "
    "data TEXT NOT NULL)",
)
READ = "SELECT version, state FROM cases WHERE id = ?"
WRITE = "UPDATE cases SET version = version + 1, state = ? WHERE id = ? AND version = ?"
OPEN = "INSERT INTO task (id, case_id, node, lane, opened_at) VALUES (?, ?, ?, ?, ?)"
ENTRY = "INSERT INTO entry (case_id, node, at, data) VALUES (?, ?, ?, ?)"
TIMER_WAITS = timedelta(days=8)


class Clock(datetime):
    """The time that stock's timers see."""

    at = datetime(2026, 3, 10, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return cls.at.astimezone(tz)


class Environment(TaskDataEnvironment):  # type: ignore[misc]
    """Service tasks do nothing here; `due` is a week."""

    def call_service(self, context: Any, **kwargs: Any) -> str:
        return "null"


class Stock:
    """The specs are parsed once; everything else is read and written for every transition."""

    def __init__(self, db: Plain, script: dict[str, Any]) -> None:
        timers.datetime = Clock
        parser = SpiffBpmnParser()
        for path in sorted(Path(script["diagrams"]).glob("*.bpmn")):
            parser.add_bpmn_file(str(path))
        self.db, self.script = db, script
        self.spec = parser.get_spec(script["process"])
        self.subs = parser.get_subprocess_specs(script["process"])
        due = {"due": lambda limit: (Clock.at + timedelta(days=7)).isoformat()}
        self.engine = PythonScriptEngine(Environment(due))
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))

    def start(self, case_id: str, data: str) -> None:
        workflow = BpmnWorkflow(self.spec, self.subs, script_engine=self.engine)
        workflow.task_tree.data.update(self.script["start"], case_data=data)
        self._settle(workflow)
        state = self.serializer.serialize_json(workflow)
        with self.db.transaction():
            self.db.run("INSERT INTO cases VALUES (?, ?, ?)", case_id, 0, state)
            self._note(case_id, "start", workflow, {}, set())

    def step(self, case_id: str, node: str | None, answers: dict[str, Any]) -> None:
        """Complete the open task `node`, or without one let the timers fire."""
        version, state = self.db.one(READ, case_id)
        workflow = self.serializer.deserialize_json(state)
        workflow.script_engine = self.engine
        before = {str(task.id) for task in workflow.get_tasks(state=TaskState.READY, manual=True)}
        if node is not None:
            task = workflow.get_next_task(state=TaskState.READY, manual=True, spec_name=node)
            task.data.update(answers)
            task.run()
        self._settle(workflow)
        state = self.serializer.serialize_json(workflow)
        with self.db.transaction():
            if self.db.run(WRITE, state, case_id, version).rowcount != 1:
                raise RuntimeError("somebody else has moved the case")
            self._note(case_id, node or "timer", workflow, answers, before)

    @staticmethod
    def _settle(workflow: Any) -> None:
        workflow.refresh_timers()
        while True:
            workflow.do_engine_steps()
            workflow.refresh_timers()
            if not workflow.get_tasks(state=TaskState.READY, manual=False):
                return

    def _note(
        self, case_id: str, node: str, workflow: Any, answers: dict[str, Any], before: set[str]
    ) -> None:
        now = {str(task.id): task for task in workflow.get_tasks(state=TaskState.READY, manual=True)}
        at = datetime.now(UTC).isoformat()
        for key in before - now.keys():
            self.db.run("UPDATE task SET done_at = ? WHERE id = ?", at, key)
        for key in now.keys() - before:
            self.db.run(OPEN, key, case_id, now[key].task_spec.name, now[key].task_spec.lane, at)
        self.db.run(ENTRY, case_id, node, at, json.dumps(answers, ensure_ascii=False))


def main() -> None:
    told = options()
    db = Plain(told.database)
    if told.prepare:
        db.script(*TABLES)
        return
    script = json.loads(Path(told.script).read_text(encoding="utf-8"))
    stock = Stock(db, script)

    def one(pace: Pace, number: int) -> None:
        case_id = uuid.uuid4().hex
        data = payload(number) if script["case_data"] else ""
        with pace:
            stock.start(case_id, data)
        for node, answers in script["steps"]:
            if node is None:
                Clock.at += TIMER_WAITS
            with pace:
                stock.step(case_id, node, answers)

    race(told.cases, told.warm, one, told.worker)


main()
