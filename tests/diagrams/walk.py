"""Walks random cases through stock SpiffWorkflow or through our engine and prints what could be seen.

    python walk.py stock|ours FIRST_SEED LAST_SEED FILES… [--unguarded] [--process ID]…

Both walks make the same random choices from what they see: which open task to complete and with which answers
(chosen from the constants the diagrams compare with), which message or signal to send, how long to wait. One
line of JSON per case comes out; the lines must be equal. Ours is saved, pruned and loaded after every command
and starts from the bytes alone.
"""

from __future__ import annotations

import ast
import hashlib
import json
import random
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BEGIN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
MOST_COMMANDS = 45
COMPUTED = (
    "conditionExpression", "condition", "script", "preScript", "postScript", "timeDate", "timeDuration",
    "loopCardinality", "loopCondition", "completionCondition", "messagePayload", "messagePath",
)  # fmt: skip
FUNCTIONS = ("str", "int", "len", "max", "min", "bool", "sum", "any", "all", "abs")


def due(limit: str, at: datetime) -> datetime:
    """A due date that depends on the limit and the time it is asked for."""
    return at + timedelta(days=int(re.sub(r"\D", "", limit) or 3), minutes=7)


# -- what may be answered --


class Vocabulary(ast.NodeVisitor):
    """Values to choose from for every variable that the diagrams read, found from how they are used."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.values: dict[str, list[Any]] = {}
        self.always: set[str] = set()
        for _name, content in sorted(files.items()):
            for element in etree.fromstring(content).iter():
                if element.tag == BPMN + "outputDataItem":
                    self._add(element.get("name"), "yes", "no")
                    self.always.add(element.get("name"))
                tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
                if tag in COMPUTED:
                    self._learn(element.text)
                elif tag == "parameter":
                    self._learn(element.get("value"))
            for asked, cells in _columns(content):
                for cell in cells:
                    self._learn(cell.replace("?", asked) if "?" in cell else f"({asked}) == ({cell})")
                    self._learn(f"{asked} {cell}")
        self.values.update(days=[1, 2, 5], hours=[0, 9], number=[4, 5])
        self.values["opening"] = ["2026-02-01T00:00:00+00:00", "2025-01-01T09:00:00+08:00"]
        if "granted_fen" in self.always:  # apply-free aid: its departments are a list
            self.values.pop("granted")
            self.values.update(departments=[[], ["civil"], ["civil", "medical"]], granted_fen=[0, 120000])
        for name in ("voters", "letter", "due", *FUNCTIONS):
            self.values.pop(name, None)

    def _learn(self, source: str | None) -> None:
        try:
            tree = ast.parse((source or "").strip())
        except (SyntaxError, ValueError):
            return
        if (
            len(tree.body) == 1
            and isinstance(tree.body[0], ast.Expr)
            and isinstance(tree.body[0].value, ast.Name)
        ):
            self._add(tree.body[0].value.id, True, False)
            return
        self.visit(tree)

    def _add(self, name: str, *values: Any) -> None:
        known = self.values.setdefault(name, [])
        for value in values:
            if not any(value == one and type(value) is type(one) for one in known):
                known.append(value)

    def visit_Compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        constants = [
            leaf.value
            for side in sides
            for leaf in ([side, *getattr(side, "elts", [])])
            if isinstance(leaf, ast.Constant)
        ]
        for side in sides:
            if isinstance(side, ast.Name):
                for value in constants:
                    if isinstance(value, str):
                        self._add(side.id, value, "other")
                    elif isinstance(value, int) and not isinstance(value, bool):
                        self._add(side.id, value - 1, value, value + 1)
                    elif value is not None:
                        self._add(side.id, True, False)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        for side in (node.left, node.right):
            if isinstance(side, ast.Name):
                self._add(side.id, 0, 3, 8, 12)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for side in node.values:
            if isinstance(side, ast.Name):
                self._add(side.id, True, False)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Name):
            self._add(node.operand.id, True, False)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.values.setdefault(node.id, [])

    def answers(self, r: random.Random, share: float) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        for name in sorted(self.values):
            if name in self.always and share == 1:
                continue  # an output item must not exist beforehand
            if name in self.always or r.random() < share:
                chosen[name] = r.choice(self.values[name] or [0, 1, 5])
        return chosen


def _columns(content: bytes) -> Iterator[tuple[str, list[str]]]:
    root = etree.fromstring(content)
    for table in root.iter("{*}decisionTable"):
        inputs = [i.findtext("{*}inputExpression/{*}text") or "" for i in table.iter("{*}input")]
        for number, asked in enumerate(inputs):
            cells = [
                row.findall("{*}inputEntry")[number].findtext("{*}text") for row in table.iter("{*}rule")
            ]
            yield asked, [cell for cell in cells if cell and cell != "-"]


# -- two engines behind one face --


class Refused(Exception):
    """Nobody waits for the event."""


class Unlike(Exception):
    """The task chosen from what was seen cannot be found."""


def seen_of(workflow: Any) -> dict[str, Any]:
    """Ready tasks with lanes and data, and waiting events, of any workflow object."""
    from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
    from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
    from SpiffWorkflow.util.task import TaskState

    ready, waiting = [], []
    alive = alive_in(workflow)
    for one in alive:
        for task in one.tasks.values():
            if task.state == TaskState.READY and task.task_spec.manual:
                ready.append([one.spec.name, task.task_spec.name, task.task_spec.lane, plain(task.data)])
    for task in workflow.event_manager.tasks.values():
        inside = task.workflow
        if task.state != TaskState.WAITING or inside not in alive or inside.tasks.get(task.id) is not task:
            continue  # stock keeps tasks here that it has removed from the tree
        definition = task.task_spec.event_definition
        definitions = (
            definition.event_definitions if isinstance(definition, MultipleEventDefinition) else [definition]
        )
        for each in definitions:
            kind = kind_of(each)
            value = task.internal_data.get("event_value") if isinstance(each, TimerEventDefinition) else None
            if isinstance(value, dict):
                value = f"{value['cycles']} {instant(value['next'])} {value['duration']}"
            elif value is not None:
                value = instant(value)
            waiting.append(
                [inside.spec.name, task.task_spec.name, task.task_spec.lane, kind, each.name, value]
            )
    return {"ready": sorted(ready, key=json.dumps), "waiting": sorted(waiting, key=json.dumps)}


def alive_in(workflow: Any) -> list[Any]:
    """The workflow and its sub-workflows, but not those whose task stock has removed from the tree."""
    alive, added = [workflow], True
    while added:
        ids = {number for one in alive for number in one.tasks}
        added = [one for number, one in workflow.subprocesses.items() if number in ids and one not in alive]
        alive += added
    return alive


def instant(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


def kind_of(definition: Any) -> str:
    for base in type(definition).__mro__:
        for kind in (
            "TimeDate",
            "Duration",
            "Cycle",
            "Message",
            "Signal",
            "Conditional",
            "Escalation",
            "Error",
        ):
            if base.__name__.startswith(kind):
                return kind
    return type(definition).__name__


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """Data as JSON gives it back, without the results that stock stores for service tasks."""
    kept = {k: v for k, v in data.items() if not (k.startswith("spiff__") and k.endswith("_result"))}
    return json.loads(json.dumps(kept, sort_keys=True))


class Stock:
    """SpiffWorkflow as it comes, with a clock that stands where it is put."""

    def __init__(self, files: dict[str, bytes], process: str, unguarded: bool) -> None:
        import SpiffWorkflow.bpmn.specs.event_definitions.timer as timer
        from SpiffWorkflow.bpmn import BpmnWorkflow
        from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
        from SpiffWorkflow.spiff.parser import SpiffBpmnParser

        walk = self

        class Frozen(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return walk.at.astimezone(tz)

        timer.datetime = Frozen
        timer.LOCALTZ = UTC

        class Environment(TaskDataEnvironment):
            def call_service(self, context: Any, **kwargs: Any) -> str:
                return "null"

        self.roots = {name: etree.fromstring(content) for name, content in files.items()}
        parser = SpiffBpmnParser()
        for name, root in sorted(self.roots.items(), key=lambda item: item[0].endswith(".bpmn")):
            (parser.add_bpmn_xml if name.endswith(".bpmn") else parser.add_dmn_xml)(root, name)
        environment = Environment({"due": lambda limit: due(limit, walk.at).isoformat()})
        self.engine, self.parser = PythonScriptEngine(environment), parser
        self.create = BpmnWorkflow
        self.choose(process)

    def choose(self, process: str) -> None:
        """Walk this process from now on; what was read stays read."""
        self.spec, self.specs = self.parser.get_spec(process), self.parser.get_subprocess_specs(process)

    def start(self, variables: dict[str, Any], at: datetime) -> None:
        self.at = at
        self.workflow = self.create(self.spec, self.specs, script_engine=self.engine)
        self.workflow.task_tree.data.update(variables)
        self._settle()

    def _settle(self) -> None:
        from SpiffWorkflow.util.task import TaskState

        while True:
            self.workflow.do_engine_steps()
            self.workflow.refresh_timers()
            if not self.workflow.get_tasks(state=TaskState.READY, manual=False):
                return

    def complete(self, wanted: list[Any], answers: dict[str, Any], at: datetime) -> None:
        from SpiffWorkflow.util.task import TaskState

        self.at = at
        for one in [self.workflow, *self.workflow.subprocesses.values()]:
            for task in one.tasks.values():
                if task.state != TaskState.READY or not task.task_spec.manual:
                    continue
                if [one.spec.name, task.task_spec.name, task.task_spec.lane, plain(task.data)] == wanted:
                    task.data.update(answers)
                    task.run()
                    self._settle()
                    return
        raise Unlike(wanted)

    def send(self, kind: str, name: str, payload: dict[str, Any], at: datetime) -> None:
        from SpiffWorkflow.bpmn.util.event import BpmnEvent
        from SpiffWorkflow.exceptions import WorkflowException
        from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition, SignalEventDefinition

        self.at = at
        definition = (MessageEventDefinition if kind == "Message" else SignalEventDefinition)(name)
        keys: dict[str, Any] = {}
        if payload:
            for task in self.workflow.event_manager.tasks.values():
                known = task.task_spec.event_definition
                if known == definition:
                    keys.update(
                        known.calculate_correlations(self.engine, known.correlation_properties, payload)
                    )
        try:
            self.workflow.send_event(BpmnEvent(definition, payload=payload, correlations=keys))
        except WorkflowException as fault:
            raise Refused from fault
        self._settle()

    def tick(self, at: datetime) -> None:
        self.at = at
        self.workflow.refresh_timers()
        self._settle()

    def look(self) -> dict[str, Any]:
        return seen_of(self.workflow)

    def over(self) -> bool:
        return bool(self.workflow.is_completed())

    def final(self) -> dict[str, Any]:
        return plain(self.workflow.data)


class Ours:
    """Our engine: nothing but bytes is kept between two commands."""

    def __init__(self, files: dict[str, bytes], process: str, unguarded: bool) -> None:
        from workflow import engine

        self.engine, self.process = engine, process
        self.model = engine.read_model(files, guard=not unguarded)
        self.trace = hashlib.sha256()

    def choose(self, process: str) -> None:
        """Walk this process from now on, on the same diagrams, as the product does."""
        self.process = process

    def _take(self, step: Any) -> None:
        self.step = step
        self.trace.update(step.state)

    def start(self, variables: dict[str, Any], at: datetime) -> None:
        self.trace = hashlib.sha256()
        self._take(self.engine.start(self.model, self.process, variables, at, lambda limit: due(limit, at)))

    def _do(self, command: Any, at: datetime) -> None:
        due_then = lambda limit: due(limit, at)  # noqa: E731
        try:
            self._take(self.engine.step(self.model, self.step.state, command, at, due_then))
        except self.engine.StepRefused as fault:
            raise Refused from fault

    def case(self) -> Any:
        from workflow.engine import codec

        _, rows = codec.process_of(self.step.state, self.model.digest)
        model = self.model
        return codec.load(rows, model.specs, model.shapes, model.scripts, BEGIN, lambda limit: BEGIN)

    def complete(self, wanted: list[Any], answers: dict[str, Any], at: datetime) -> None:
        case = self.case()
        for open_task in self.step.open:
            task = case.get_task_from_id(open_task.id)
            seen = [task.workflow.spec.name, task.task_spec.name, task.task_spec.lane, plain(task.data)]
            if open_task.kind == "user" and seen == wanted:
                return self._do(self.engine.Complete(open_task.id, answers), at)
        raise Unlike(wanted)

    def send(self, kind: str, name: str, payload: dict[str, Any], at: datetime) -> None:
        self._do(self.engine.Message(name, payload) if kind == "Message" else self.engine.Signal(name), at)

    def tick(self, at: datetime) -> None:
        self._do(self.engine.Tick(), at)

    def look(self) -> dict[str, Any]:
        return seen_of(self.case())

    def over(self) -> bool:
        return self.step.ended is not None

    def final(self) -> dict[str, Any]:
        return plain(self.case().data)


# -- the walk --


def walk(engine: Any, vocabulary: Vocabulary, seed: int) -> dict[str, Any]:
    """One random case: what was seen after every command, and the final data if it ended."""
    r = random.Random(seed)
    at = BEGIN
    seen: list[Any] = []
    done: list[Any] = []
    result = {"seed": seed, "done": done, "seen": seen, "failed": None, "over": False, "final": None}
    eager = r.choice([0.03, 0.2])  # how often something happens from outside
    try:
        engine.start(vocabulary.answers(r, 1.0), at)
        for _ in range(MOST_COMMANDS):
            now = engine.look()
            seen.append(now)
            if engine.over():
                result["over"], result["final"] = True, engine.final()
                break
            at += timedelta(hours=r.randint(1, 30), seconds=r.randint(1, 59))
            events = sorted({(w[3], w[4]) for w in now["waiting"] if w[3] in ("Message", "Signal")})
            timed = sorted({w[5] for w in now["waiting"] if w[5] is not None})
            lot = r.random()
            answers = vocabulary.answers(r, 0.5)
            if not now["ready"] and not events and not timed:
                break
            if events and (lot < eager or not now["ready"]):
                kind, name = r.choice(events)
                payload = {"number": answers.get("number", 5)} if name in ("request", "reply") else {}
                done.append([kind, name, payload])
                try:
                    engine.send(kind, name, payload, at)
                except Refused:
                    done[-1].append("refused")
            elif timed and (lot < 2 * eager or not now["ready"]):
                last = re.search(r"\d{4}-\S+", r.choice(timed))
                at = (
                    max(at, datetime.fromisoformat(last[0]) + timedelta(seconds=r.randint(1, 9000)))
                    if last
                    else at
                )
                done.append(["tick", at.isoformat()])
                engine.tick(at)
            elif now["ready"]:
                task = r.choice(now["ready"])
                done.append(["complete", task[1], answers])
                engine.complete(task, answers, at)
    except Refused:
        result["failed"] = "refused"
    except Unlike:
        raise
    except Exception as fault:
        # A gateway with no way out, a missing variable: both must fail at the same command.
        result["failed"] = True
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
    return result


def main(arguments: list[str]) -> None:
    mode, first, last, *rest = arguments
    unguarded = "--unguarded" in rest
    processes = [rest[i + 1] for i, word in enumerate(rest) if word == "--process"]
    names = [word for word in rest if word.endswith((".bpmn", ".dmn"))]
    files = {name: Path(name).read_bytes() for name in names}
    vocabulary = Vocabulary(files)
    engine: Any = None
    for process in processes:
        if engine is None or unguarded:  # what guards refuse may change what stock has read
            engine = (Stock if mode == "stock" else Ours)(files, process, unguarded)
        engine.choose(process)
        for seed in range(int(first), int(last)):
            result = {"process": process, **walk(engine, vocabulary, seed)}
            print(json.dumps(result, sort_keys=True))
            if mode == "ours":
                print(f"{process} {seed} {engine.trace.hexdigest()}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
