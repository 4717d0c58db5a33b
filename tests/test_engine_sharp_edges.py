"""The sharp edges of SpiffWorkflow 3.2.0, row by row: the fault on stock, and what ours does instead.

Every test first shows that stock really behaves so; if a newer release mends a fault, the test says so.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest
from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.util.diff import SpecDiff, WorkflowDiff, migrate_workflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer import DEFAULT_CONFIG
from SpiffWorkflow.util.task import TaskState

from workflow.engine import (
    Complete,
    Incident,
    Message,
    ModelRefused,
    StepRefused,
    Tick,
    read_model,
    start,
    step,
)

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
DEFINITIONS = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="urn:t">{}'
    '<bpmn:process id="p" isExecutable="true">{}{}</bpmn:process>{}</bpmn:definitions>'
)


def diagram(elements: str, flows: str, before: str = "", after: str = "") -> bytes:
    """A diagram from its elements and from flows written as ``a>b`` or ``a>b?condition``."""
    lines = []
    for flow in flows.split():
        ends, _, condition = flow.partition("?")
        source, target = ends.split(">")
        inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
        lines.append(
            f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
            f"{inside}</bpmn:sequenceFlow>"
        )
    return DEFINITIONS.format(before, elements, "".join(lines), after).encode()


def user(name: str) -> str:
    return f'<bpmn:userTask id="{name}"/>'


def script(name: str, source: str) -> str:
    return f'<bpmn:scriptTask id="{name}"><bpmn:script>{source}</bpmn:script></bpmn:scriptTask>'


def fork(name: str) -> str:
    return f'<bpmn:parallelGateway id="{name}"/>'


def choice(name: str, default: str) -> str:
    return f'<bpmn:exclusiveGateway id="{name}" default="{default}"/>'


def end(name: str, definition: str = "") -> str:
    return f'<bpmn:endEvent id="{name}">{definition}</bpmn:endEvent>'


def timer(kind: str, value: str) -> str:
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{value}</bpmn:{kind}></bpmn:timerEventDefinition>"


def reminder(name: str, kind: str = "timeDuration", value: str = '"P3D"') -> str:
    """A timer on the task "work" that does not interrupt it."""
    begin = f'<bpmn:boundaryEvent id="{name}" attachedToRef="work" cancelActivity="false">'
    return begin + timer(kind, value) + "</bpmn:boundaryEvent>"


START, END = '<bpmn:startEvent id="start"/>', '<bpmn:endEvent id="end"/>'
LOOP = diagram(
    START + user("work") + choice("gw", "gw_end") + END,
    "start>work work>gw gw>end gw>work?again",
)
TIMED_LOOP = diagram(
    START + user("work") + reminder("late") + end("late_end") + choice("gw", "gw_end") + END,
    "start>work work>gw gw>end gw>work?again late>late_end",
)


class Stock:
    """SpiffWorkflow as it comes."""

    def __init__(self, *diagrams: bytes, tables: tuple[bytes, ...] = (), environment=None) -> None:
        self.roots = [etree.fromstring(one) for one in (*tables, *diagrams)]
        parser = SpiffBpmnParser()
        for root in self.roots[: len(tables)]:
            parser.add_dmn_xml(root)
        for root in self.roots[len(tables) :]:
            parser.add_bpmn_xml(root)
        self.spec, self.specs = parser.get_spec("p"), parser.get_subprocess_specs("p")
        self.environment = environment
        self.workflow = self.new()

    def new(self) -> BpmnWorkflow:
        engine = PythonScriptEngine(self.environment) if self.environment else PythonScriptEngine()
        workflow = BpmnWorkflow(self.spec, self.specs, script_engine=engine)
        workflow.do_engine_steps()
        return workflow

    def open(self) -> list:
        return [t for t in all_tasks(self.workflow) if t.state == TaskState.READY and t.task_spec.manual]

    def complete(self, name: str, **answers: object) -> None:
        task = next(t for t in self.open() if t.task_spec.name == name)
        task.data.update(answers)
        task.run()
        self.workflow.do_engine_steps()


def all_tasks(workflow: BpmnWorkflow) -> list:
    return [t for one in (workflow, *workflow.subprocesses.values()) for t in one.tasks.values()]


class Ours:
    """Our engine, one command after the other."""

    def __init__(self, *diagrams: bytes, tables: tuple[bytes, ...] = (), **variables: object) -> None:
        files = {f"{number}.bpmn": one for number, one in enumerate(diagrams)}
        files |= {f"{number}.dmn": one for number, one in enumerate(tables)}
        self.at = AT
        self.model = read_model(files)
        self.last = start(self.model, "p", variables, AT)

    def do(self, command):
        self.last = step(self.model, self.last.state, command, self.at)
        return self.last

    def open(self) -> list[str]:
        return [task.node for task in self.last.open]

    def complete(self, name: str, **answers: object):
        return self.do(Complete(next(t.id for t in self.last.open if t.node == name), answers))


def refusal(*diagrams: bytes, tables: tuple[bytes, ...] = ()) -> str:
    """What the guards say; every fault names its file and its element."""
    with pytest.raises(ModelRefused) as caught:
        Ours(*diagrams, tables=tables)
    assert all(fault.file and fault.element and fault.reason.zh for fault in caught.value.faults)
    return str(caught.value)


# 1 --


def test_1_a_long_loop_hides_its_open_task_in_stock():
    stock = Stock(LOOP)
    loops = 0
    while stock.open():
        stock.complete("work", again=True)
        loops += 1
    assert loops <= 500
    hidden = [t for t in all_tasks(stock.workflow) if t.state == TaskState.READY]
    assert len(hidden) == 1
    assert stock.workflow.get_tasks(state=TaskState.READY) == []
    assert stock.workflow.is_completed() is True


def test_1_with_timers_stock_ends_in_a_recursion_error():
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(500)  # the usual 1000 only takes longer
    try:
        stock = Stock(TIMED_LOOP)
        loops_until_recursion_error(stock)
    finally:
        sys.setrecursionlimit(limit)


def loops_until_recursion_error(stock: "Stock") -> None:
    with pytest.raises(RecursionError):
        for _ in range(400):
            stock.complete("work", again=True)


@pytest.mark.parametrize("loop", [LOOP, TIMED_LOOP], ids=["plain", "timers"])
def test_1_ours_loops_a_thousand_times_and_still_sees_its_task(loop):
    ours = Ours(loop)
    sizes = []
    for _ in range(1000):
        ours.complete("work", again=True)
        sizes.append(len(ours.last.state))
    assert ours.open() == ["work"]
    assert ours.last.ended is None
    assert sizes[-1] <= sizes[2] + 30, "a state may grow by the digits of its counters, not by history"
    assert ours.complete("work", again=False).ended == "end"


# 2 --

TERMINATED = diagram(
    START
    + fork("fork")
    + end("kill", "<bpmn:terminateEventDefinition/>")
    + script("pay", "paid = True")
    + END,
    "start>fork fork>kill fork>pay pay>end",
)


def test_2_stock_runs_a_task_that_was_cancelled_in_the_same_pass():
    stock = Stock(TERMINATED)
    pay = next(t for t in all_tasks(stock.workflow) if t.task_spec.name == "pay")
    assert pay.state == TaskState.COMPLETED
    assert pay.data["paid"] is True


def test_2_stock_completes_a_cancelled_task_when_told_to_run_it():
    stock = Stock(LOOP)
    task = stock.open()[0]
    task.cancel()
    task.run()
    assert task.state == TaskState.COMPLETED


def test_2_ours_looks_at_the_state_before_it_runs_a_task():
    ours = Ours(TERMINATED)
    assert ours.last.ended == "kill"
    assert "p.pay" not in ours.last.path
    assert "paid" not in ours.last.variables


def test_2_ours_completes_only_open_tasks():
    ours = Ours(LOOP)
    first = ours.last.open[0].id
    ours.complete("work", again=True)
    for number in (first, 999, 1):
        with pytest.raises(StepRefused):
            ours.do(Complete(number, {}))


# 3 --

REMINDED = diagram(
    START
    + user("work")
    + reminder("late", value='"PT0S"')
    + script("remind", "reminded = True")
    + end("late_end")
    + END,
    "start>work work>end late>remind remind>late_end",
)


def test_3_stock_leaves_a_timer_that_fires_unrun():
    stock = Stock(REMINDED.replace(b"PT0S", b"P3D"))
    late = next(t for t in all_tasks(stock.workflow) if t.task_spec.name == "late")
    late.internal_data["event_value"] = "2020-01-01T00:00:00+00:00"
    stock.workflow.do_engine_steps()
    states = {t.task_spec.name: t.state for t in all_tasks(stock.workflow)}
    assert states["late"] == TaskState.READY
    assert stock.workflow.get_tasks(spec_name="remind", state=TaskState.COMPLETED) == []


def test_3_a_reminder_that_ends_last_brings_back_old_data_in_stock():
    stock = Stock(TIMED_LOOP_WITH_PEOPLE)
    stock.open()[0].data["decision"] = "draft"
    late = next(t for t in all_tasks(stock.workflow) if t.task_spec.name == "late")
    late.internal_data["event_value"] = "2020-01-01T00:00:00+00:00"
    stock.workflow.refresh_timers()
    stock.workflow.do_engine_steps()
    stock.complete("work", decision="approved")
    stock.complete("call_them")
    assert stock.workflow.is_completed()
    assert stock.workflow.data["decision"] == "draft"


TIMED_LOOP_WITH_PEOPLE = diagram(
    START
    + script("init", "decision = 'draft'")
    + user("work")
    + reminder("late")
    + user("call_them")
    + end("late_end")
    + END,
    "start>init init>work work>end late>call_them call_them>late_end",
)


def test_3_ours_runs_what_a_timer_has_started_within_the_same_command():
    ours = Ours(REMINDED)
    assert ours.last.path[-3:] == ("p.late", "p.remind", "p.late_end")
    assert ours.last.variables["reminded"] is True


def test_3_the_variables_of_a_step_keep_the_newest_value():
    ours = Ours(TIMED_LOOP_WITH_PEOPLE)
    ours.at += timedelta(days=4)
    ours.do(Tick())
    assert sorted(ours.open()) == ["call_them", "work"]
    ours.complete("work", decision="approved")
    assert ours.complete("call_them").ended == "late_end"
    assert ours.last.variables["decision"] == "approved"


# 4 --


def test_4_sorted_keys_lose_all_data_in_stock():
    stock = Stock(LOOP)
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(DEFAULT_CONFIG))
    for number in range(30):
        stock.complete("work", again=True, rounds=number, decision="kept")
    text = serializer.serialize_json(stock.workflow)
    in_order = serializer.deserialize_json(text)
    sorted_keys = serializer.deserialize_json(json.dumps(json.loads(text), sort_keys=True))

    def data_of(workflow: BpmnWorkflow) -> dict:
        return next(t.data for t in all_tasks(workflow) if t.state == TaskState.READY)

    assert data_of(in_order)["decision"] == "kept"
    assert data_of(sorted_keys) != data_of(in_order)


def test_4_ours_is_bytes_of_arrays_in_which_sorting_keys_changes_nothing():
    ours = Ours(LOOP)
    ours.complete("work", again=True, zebra=1, decision="kept")
    assert isinstance(ours.last.state, bytes)
    ours.last = step(
        ours.model, json.dumps(json.loads(ours.last.state), sort_keys=True).encode(), Tick(), ours.at
    )
    assert ours.last.variables == {"again": True, "zebra": 1, "decision": "kept"}
    assert ours.complete("work", again=False).ended == "end"


# 5 --

SIBLINGS = diagram(
    START + user("first") + fork("fork") + user("left") + user("right") + fork("join") + END,
    "start>first first>fork fork>left fork>right left>join right>join join>end",
)


def test_5_nested_data_is_shared_with_the_sibling_branch_in_stock():
    stock = Stock(SIBLINGS)
    stock.complete("first", household={"members": {"count": 3}})
    left, right = sorted(stock.open(), key=lambda task: task.task_spec.name)
    left.data["household"]["members"]["count"] = 99
    assert right.data["household"]["members"]["count"] == 99


def test_5_ours_cannot_edit_nested_data_and_reads_every_branch_from_bytes():
    with pytest.raises(ModelRefused, match="only assign"):
        Ours(ONE_SCRIPT.replace(b"SCRIPT", b'household["count"] = 1'))
    ours = Ours(SIBLINGS)
    household = {"members": [3]}
    ours.complete("first", household=household)
    household["members"].append(99)
    ours.complete("left", household={"members": [99]})
    right = next(t for t in ours.last.open if t.node == "right")
    from workflow.engine import codec

    case = codec.load(
        codec.process_of(ours.last.state, ours.model.digest)[1],
        ours.model.specs, ours.model.shapes, ours.model.scripts, AT, lambda limit: AT,
    )  # fmt: skip
    assert case.get_task_from_id(right.id).data["household"] == {"members": [3]}


# 6 --


def table(policy: str, *rows: tuple[str, str]) -> bytes:
    rules = "".join(
        f'<rule id="r{n}"><inputEntry id="i{n}"><text>{etree_text(cell)}</text></inputEntry>'
        f'<outputEntry id="o{n}"><text>{out}</text></outputEntry></rule>'
        for n, (cell, out) in enumerate(rows)
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:t">'
        f'<decision id="level" name="level"><decisionTable id="t" hitPolicy="{policy}">'
        '<input id="i" label="amount"><inputExpression id="ie"><text>amount</text></inputExpression></input>'
        f'<output id="o" label="level" name="level"/>{rules}</decisionTable></decision></definitions>'
    ).encode()


def etree_text(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


RULED = diagram(
    START + user("ask") + '<bpmn:businessRuleTask id="decide"><bpmn:extensionElements>'
    "<spiffworkflow:calledDecisionId>level</spiffworkflow:calledDecisionId></bpmn:extensionElements>"
    "</bpmn:businessRuleTask>" + user("after") + END,
    "start>ask ask>decide decide>after after>end",
)
OVERLAPPING = (("> 0", "'low'"), ("> 10", "'high'"), ("<= 0", "'none'"))
GAPPED = (("< 10", "'low'"), ("> 10", "'high'"))


@pytest.mark.parametrize("policy", ["FIRST", "ANY", "PRIORITY", "BOGUS", "UNIQUE"])
def test_6_every_hit_policy_means_first_match_in_stock(policy):
    stock = Stock(RULED, tables=(table(policy, *OVERLAPPING),))
    stock.complete("ask", amount=50)
    assert stock.open()[0].data["level"] == "low"


def test_6_no_match_sets_nothing_in_stock():
    stock = Stock(RULED, tables=(table("UNIQUE", *GAPPED),))
    stock.complete("ask", amount=10)
    assert "level" not in stock.open()[0].data


@pytest.mark.parametrize("policy", ["FIRST", "ANY", "PRIORITY", "BOGUS"])
def test_6_ours_refuses_hit_policies_that_would_be_misread(policy):
    assert policy in refusal(RULED, tables=(table(policy, *GAPPED, ("10", "'ten'")),))


def test_6_ours_refuses_overlaps_and_gaps():
    assert "rows 1 and 2 overlap" in refusal(RULED, tables=(table("UNIQUE", *OVERLAPPING),))
    assert "no row for amount = 10" in refusal(RULED, tables=(table("UNIQUE", *GAPPED),))


def test_6_a_gap_that_only_a_case_can_show_is_an_incident():
    ours = Ours(RULED, tables=(table("UNIQUE", ("'a'", "1"), ("'b'", "2")),))
    with pytest.raises(Incident, match=r"p\.decide: NoRuleMatches"):
        ours.complete("ask", amount="c")
    assert ours.complete("ask", amount="b").variables["level"] == 2


# 7 --

TWO_TIMERS = diagram(
    START
    + '<bpmn:eventBasedGateway id="wait"/>'
    + "".join(
        f'<bpmn:intermediateCatchEvent id="{name}">'
        + timer("timeDuration", length)
        + "</bpmn:intermediateCatchEvent>"
        for name, length in (("soon", '"P9D"'), ("later", '"P1D"'))
    )
    + END,
    "start>wait wait>soon wait>later soon>end later>end",
)


def test_7_two_timers_on_an_event_gateway_share_one_date_in_stock():
    stock = Stock(TWO_TIMERS)
    wait = next(t for t in all_tasks(stock.workflow) if t.task_spec.name == "wait")
    due = datetime.fromisoformat(wait.internal_data["event_value"])
    assert due > datetime.now(UTC) + timedelta(days=8), "the timer of one day waits for nine"
    assert [event.value for event in stock.workflow.waiting_events()] == [None]


def test_7_ours_refuses_timers_on_event_gateways():
    told = refusal(TWO_TIMERS)
    assert "soon" in told and "later" in told and "event-based gateway" in told


# 8 --

ON_THE_SIDE = diagram(
    START
    + user("work")
    + END
    + '<bpmn:subProcess id="aside" triggeredByEvent="true"><bpmn:startEvent id="called">'
    '<bpmn:messageEventDefinition messageRef="call"/></bpmn:startEvent>'
    + user("aside_work")
    + end("aside_end")
    + '<bpmn:sequenceFlow id="a" sourceRef="called" targetRef="aside_work"/>'
    '<bpmn:sequenceFlow id="b" sourceRef="aside_work" targetRef="aside_end"/></bpmn:subProcess>',
    "start>work work>end",
    before='<bpmn:message id="call" name="call"/>',
)


def test_8_an_event_sub_process_changes_the_shared_spec_in_stock():
    from SpiffWorkflow.bpmn.util.event import BpmnEvent
    from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition

    stock = Stock(ON_THE_SIDE)
    assert not stock.new().subprocesses
    stock.workflow.catch(BpmnEvent(MessageEventDefinition("call"), {}))
    stock.workflow.do_engine_steps()
    assert stock.new().subprocesses, "a new case begins with the sub-process already started"


def test_8_ours_refuses_event_sub_processes():
    assert "aside" in refusal(ON_THE_SIDE)


def connections(model) -> dict:
    specs = model.specs["some"].task_specs
    return {name: (list(spec._inputs), list(spec._outputs)) for name, spec in specs.items()}


def test_8_no_case_changes_the_model_it_shares():
    files = {"p.bpmn": AD_HOC}
    model = read_model(files)
    before = connections(model)
    first = start(model, "p", {"tired": False}, AT)
    for _ in range(3):
        task = next(t for t in first.open if t.node == "again")
        first = step(model, first.state, Complete(task.id, {"tired": False}), AT)
    after = {name: (list(s._inputs), list(s._outputs)) for name, s in model.specs["some"].task_specs.items()}
    assert after == before
    assert (
        start(model, "p", {"tired": False}, AT).state
        == start(read_model(files), "p", {"tired": False}, AT).state
    )


LOOPED = (
    '<bpmn:userTask id="again"><bpmn:standardLoopCharacteristics testBefore="true">'
    "<bpmn:loopCondition>not tired</bpmn:loopCondition></bpmn:standardLoopCharacteristics></bpmn:userTask>"
)
AD_HOC = diagram(
    START
    + '<bpmn:adHocSubProcess id="some"><bpmn:dataObject id="papers" name="papers"/>'
    + user("once")
    + LOOPED
    + "<bpmn:completionCondition>tired</bpmn:completionCondition></bpmn:adHocSubProcess>"
    + END,
    "start>some some>end",
)


# 9 --

CYCLE = diagram(
    START
    + user("work")
    + reminder("daily", "timeCycle", '"R/P1D"')
    + script("remind", "reminded = True")
    + end("late_end")
    + END,
    "start>work work>end daily>remind remind>late_end",
)


def test_9_ten_days_down_give_ten_reminders_in_stock():
    stock = Stock(CYCLE)
    daily = next(t for t in all_tasks(stock.workflow) if t.task_spec.name == "daily")
    value = daily.internal_data["event_value"]
    value["next"] = (datetime.now(UTC) - timedelta(days=10)).isoformat()
    for _ in range(15):
        stock.workflow.refresh_timers()
        stock.workflow.do_engine_steps()
    reminders = [t for t in all_tasks(stock.workflow) if t.task_spec.name == "remind"]
    assert sum(t.state == TaskState.COMPLETED for t in reminders) >= 10


def test_9_ours_refuses_cycle_timers():
    assert "daily" in refusal(CYCLE)


# 10 --


def thrown(name: str, definition: str) -> str:
    return f'<bpmn:intermediateThrowEvent id="{name}">{definition}</bpmn:intermediateThrowEvent>'


LINKED = diagram(
    START + thrown("jump", '<bpmn:linkEventDefinition id="l" name="there"/>') + user("skipped") + END,
    "start>jump jump>skipped skipped>end",
)
COMPENSATED = diagram(
    START
    + '<bpmn:intermediateThrowEvent id="undo"><bpmn:compensateEventDefinition/></bpmn:intermediateThrowEvent>'
    + END,
    "start>undo undo>end",
)
CONDITION_ON_TASK = diagram(
    START + user("work") + user("guarded") + END,
    "start>work work>guarded?False guarded>end",
)
CALLS = diagram(
    START + '<bpmn:callActivity id="call" calledElement="q"/>' + END,
    "start>call call>end",
    after='<bpmn:process id="q" isExecutable="true"><bpmn:startEvent id="q_start"/>'
    + script("q_work", "done = True")
    + '<bpmn:sequenceFlow id="q1" sourceRef="q_start" targetRef="q_work"/></bpmn:process>',
)


@pytest.mark.parametrize(
    ("made", "passed"), [(LINKED, "jump"), (COMPENSATED, "undo")], ids=["link", "compensation"]
)
def test_10_link_and_compensation_events_become_none_events_in_stock(made, passed):
    stock = Stock(made)
    state = {t.task_spec.name: t.state for t in all_tasks(stock.workflow)}
    assert state[passed] == TaskState.COMPLETED
    assert type(stock.spec.task_specs[passed].event_definition).__name__ == "NoneEventDefinition"


def test_10_a_condition_on_a_flow_from_a_task_is_ignored_in_stock():
    stock = Stock(CONDITION_ON_TASK)
    stock.complete("work")
    assert [t.task_spec.name for t in stock.open()] == ["guarded"]


def test_10_a_call_without_an_end_event_hangs_in_stock():
    stock = Stock(CALLS)
    assert not stock.workflow.is_completed()
    assert stock.workflow.get_tasks(state=TaskState.READY) == []
    assert stock.workflow.waiting_events() == []


@pytest.mark.parametrize(
    ("made", "element"),
    [(LINKED, "jump"), (COMPENSATED, "undo"), (CONDITION_ON_TASK, "work_guarded"), (CALLS, "q")],
    ids=["link", "compensation", "condition", "hanging call"],
)
def test_10_ours_refuses_them_all(made, element):
    assert f"0.bpmn: {element}: " in refusal(made)


# 11 --

SERVICE = diagram(
    START
    + '<bpmn:serviceTask id="call_out"><bpmn:extensionElements><spiffworkflow:serviceTaskOperator id="send">'
    '<spiffworkflow:parameters><spiffworkflow:parameter id="to" type="str" value="address"/>'
    "</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements></bpmn:serviceTask>"
    + END,
    "start>call_out call_out>end",
)


def test_11_stock_hides_why_a_service_failed():
    class Failing(TaskDataEnvironment):
        def call_service(self, context, **kwargs):
            raise ConnectionError("the bank does not answer")

    with pytest.raises(NameError, match="script"):
        Stock(
            CALLS_SERVICE,
            SERVICE.replace(b'"p"', b'"s"'),
            environment=Failing(),
        )


CALLS_SERVICE = diagram(
    START + script("run", "address = 1") + '<bpmn:callActivity id="then" calledElement="s"/>' + END,
    "start>run run>then then>end",
)
ONE_SCRIPT = diagram(START + script("run", "SCRIPT") + END, "start>run run>end")


def test_11_stock_hides_a_script_error_whose_argument_is_no_text():
    with pytest.raises(TypeError, match="concatenate"):
        Stock(ONE_SCRIPT.replace(b"SCRIPT", b"x = {}[7]"))


def test_11_ours_never_calls_out_and_leaves_an_effect():
    ours = Ours(SERVICE, address="somewhere")
    assert [(e.operator, dict(e.params), e.node) for e in ours.last.effects] == [
        ("send", {"to": "somewhere"}, "call_out")
    ]
    assert ours.last.ended == "end"


def test_11_ours_tells_the_node_and_the_first_cause():
    with pytest.raises(Incident) as caught:
        Ours(SERVICE)
    assert caught.value.node == "p.call_out"
    assert "missing: address" in str(caught.value)
    with pytest.raises(Incident) as caught:
        Ours(ONE_SCRIPT.replace(b"SCRIPT", b"x = 1 // n"), n=0)
    assert isinstance(caught.value.cause.__cause__, ZeroDivisionError)


# 12 --

ESCAPE = "().__class__.__base__.__subclasses__()"


def test_12_the_documented_safe_environment_reaches_the_process_in_stock():
    from RestrictedPython import safe_globals

    probe = (
        f"found = [c for c in {ESCAPE} if c.__name__ == '_wrap_close'][0].__init__.__globals__['getpid']()"
    )
    stock = Stock(
        ONE_SCRIPT.replace(b"SCRIPT", probe.encode()), environment=TaskDataEnvironment({**safe_globals})
    )
    run = next(t for t in all_tasks(stock.workflow) if t.task_spec.name == "run")
    assert run.data["found"] == os.getpid()


@pytest.mark.parametrize(
    "probe",
    [f"found = {ESCAPE}", "import os", "found = __import__('os').getpid()", "found = open('/etc/passwd')",
     "def f(): pass", "found = [c for c in range(9)]", "found = address.__class__"],
)  # fmt: skip
def test_12_ours_refuses_the_probe_when_it_reads_the_diagram(probe):
    assert "run" in refusal(ONE_SCRIPT.replace(b"SCRIPT", probe.encode()))


@pytest.mark.parametrize(
    "probe", [f"found = {ESCAPE}", "import os", "found = address.__class__", "found = open('/etc/passwd')"]
)
def test_12_without_guards_the_probe_still_gets_nowhere(probe):
    model = read_model({"p.bpmn": ONE_SCRIPT.replace(b"SCRIPT", probe.encode())}, guard=False)
    with pytest.raises(Incident):
        start(model, "p", {"address": "x"}, AT)


# 13 --


def dated(text: str) -> bytes:
    return diagram(
        START
        + '<bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition><bpmn:timeDate>'
        + f"{text}</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        + END,
        "start>wait wait>end",
    )


def test_13_a_date_without_zone_follows_the_server_in_stock():
    program = dedent("""
        import sys
        from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
        print(TimerEventDefinition.get_datetime("2026-03-01T08:00:00").isoformat())
    """)
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("UTC", "Asia/Shanghai")
    }
    assert len(seen) == 2


def test_13_ours_refuses_a_date_without_zone_in_the_diagram_and_in_the_data():
    assert "no time zone" in refusal(dated('"2026-03-01T08:00:00"'))
    with pytest.raises(Incident, match="without a time zone"):
        Ours(dated("opening"), opening="2026-03-01T08:00:00")
    assert Ours(dated("opening"), opening="2026-03-01T08:00:00+08:00").last.timers[0].due == datetime(
        2026, 3, 1, tzinfo=UTC
    )


ENDLESS = diagram(
    START
    + '<bpmn:exclusiveGateway id="merge"/>'
    + script("spin", "n = n + 1")
    + choice("gw", "gw_merge")
    + END,
    "start>merge merge>spin spin>gw gw>merge gw>end?n&lt;0",
)


def test_13_nothing_stops_an_endless_loop_in_stock():
    steps = 0

    class Enough(Exception):
        pass

    def count(task) -> None:
        nonlocal steps
        steps += 1
        if steps > 300:
            raise Enough

    stock = Stock(LOOP)
    root = etree.fromstring(ENDLESS)
    parser = SpiffBpmnParser()
    parser.add_bpmn_xml(root)
    workflow = BpmnWorkflow(parser.get_spec("p"), {}, script_engine=PythonScriptEngine())
    workflow.task_tree.data["n"] = 0
    assert stock.open()
    with pytest.raises(Enough):
        workflow.do_engine_steps(did_complete_task=count)


def test_13_ours_stops_at_its_step_limit_and_names_the_node():
    with pytest.raises(Incident, match="automatic steps") as caught:
        Ours(ENDLESS, n=0)
    assert caught.value.node.startswith("p.")


def test_13_the_state_has_a_format_and_belongs_to_its_diagrams():
    ours, other = Ours(LOOP), Ours(SIBLINGS)
    for state in (other.last.state, b"[]", b"{", b"[99,1,2]", ours.last.state[:40]):
        with pytest.raises(StepRefused, match="state"):
            step(ours.model, state, Tick(), AT)


# 14 --


def test_14_migration_wipes_drafts_and_restarts_due_dates_in_stock():
    stock = Stock(TIMED_LOOP)
    task = stock.open()[0]
    task.data["draft"] = "half written"
    late = next(t for t in all_tasks(stock.workflow) if t.task_spec.name == "late")
    late.internal_data["event_value"] = "2030-01-01T00:00:00+00:00"
    registry = BpmnWorkflowSerializer.configure(DEFAULT_CONFIG)
    newer = Stock(TIMED_LOOP)
    diff = SpecDiff(registry, stock.spec, newer.spec)
    migrate_workflow(WorkflowDiff(stock.workflow, diff), stock.workflow, newer.spec)
    stock.workflow.do_engine_steps()
    assert "draft" not in stock.open()[0].data
    lates = [t for t in all_tasks(stock.workflow) if t.task_spec.name == "late"]
    assert all(t.internal_data.get("event_value") != "2030-01-01T00:00:00+00:00" for t in lates)


def test_14_a_case_of_ours_stays_on_its_diagrams():
    """No silent migration: a state is refused by other diagrams, and loading resets nothing."""
    ours = Ours(TIMED_LOOP)
    due = ours.last.timers[0].due
    changed = read_model({"0.bpmn": TIMED_LOOP.replace(b"P3D", b"P4D")})
    with pytest.raises(StepRefused, match="diagrams"):
        step(changed, ours.last.state, Tick(), AT)
    ours.at += timedelta(days=1)
    ours.do(Tick())
    assert ours.last.timers[0].due == due


# 15 --

HALF = ONE_SCRIPT.replace(b"SCRIPT", b"paid = 100\nshare = paid // parts")


def test_15_a_failed_script_leaves_half_of_its_work_in_stock():
    parser = SpiffBpmnParser()
    root = etree.fromstring(HALF)
    parser.add_bpmn_xml(root)
    workflow = BpmnWorkflow(parser.get_spec("p"), {}, script_engine=PythonScriptEngine())
    workflow.task_tree.data["parts"] = 0
    with pytest.raises(WorkflowTaskException):
        workflow.do_engine_steps()
    run = next(t for t in all_tasks(workflow) if t.task_spec.name == "run")
    assert run.state == TaskState.ERROR
    assert run.data["paid"] == 100


def test_15_a_failed_command_of_ours_leaves_the_case_as_it_was():
    made = diagram(
        START + user("ask") + script("run", "paid = 100\nshare = paid // parts") + END,
        "start>ask ask>run run>end",
    )
    ours = Ours(made)
    before = ours.last.state
    with pytest.raises(Incident, match=r"p\.run"):
        ours.complete("ask", parts=0)
    assert ours.last.state == before
    assert ours.complete("ask", parts=4).variables == {"parts": 4, "paid": 100, "share": 25}


# and one more --


def test_a_join_on_a_loop_counts_old_arrivals_in_stock_and_is_refused_by_ours():
    made = diagram(
        START
        + "".join(map(fork, ("fork", "join")))
        + "".join(map(user, ("left", "right", "judge")))
        + choice("gw", "gw_end")
        + END,
        "start>fork fork>left fork>right left>join right>join join>judge judge>gw gw>end gw>fork?again",
    )
    stock = Stock(made)
    stock.complete("left")
    stock.complete("right")
    stock.complete("judge", again=True)
    stock.complete("right")
    assert "judge" in [t.task_spec.name for t in stock.open()], "it did not wait for the left branch"
    assert "join" in refusal(made)


def test_several_faults_are_reported_together():
    made = diagram(
        START + script("a", "import os") + choice("gw", "gw_end") + user("b") + END,
        "start>a a>gw gw>end gw>b?x.y b>end",
    )
    told = refusal(made, CYCLE.replace(b'"p"', b'"cyclic"'))
    assert all(name in told for name in ("0.bpmn: a:", "0.bpmn: gw_b:", "1.bpmn: daily:"))


def test_broken_and_unsafe_files_are_refused_with_their_names():
    entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + LOOP
    with pytest.raises(ModelRefused) as caught:
        read_model({"broken.bpmn": LOOP[:300], "unsafe.bpmn": entity, "empty.bpmn": b"", "t.dmn": b"<x"})
    assert {fault.file for fault in caught.value.faults} == {
        "broken.bpmn",
        "unsafe.bpmn",
        "empty.bpmn",
        "t.dmn",
    }


def test_messages_nobody_waits_for_are_refused():
    ours = Ours(LOOP)
    with pytest.raises(StepRefused, match="nobody waits for withdrawn"):
        ours.do(Message("withdrawn", {}))
