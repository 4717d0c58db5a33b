"""Style rules: names, ids and lanes, so that lawyers and addresses can rely on them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from bpmn.faults import Fault
from workflow.engine.lint_drawing import ACTIVITIES, CHOOSING, CONTAINERS, GATEWAYS, Drawing, Node

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
STATES = re.compile(r"^(已|未|不|没有|是否|有无|尚)|？$")
"""What a name says that tells a state or asks something: events and gateways do, steps do not."""
SHORTEST_STEP = 3
"""Characters; a verb alone has two. Whether the first word is a verb, no list of words can say."""
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


def check(drawing: Drawing) -> Iterator[Fault]:
    """The rules for one diagram."""
    yield from _file(drawing)
    yield from _lanes(drawing)
    for node in drawing.nodes.values():
        yield from _id(drawing, node.id)
        yield from _name(drawing, node)
    for flow in drawing.flows:
        yield from _id(drawing, flow.id)


def check_all(drawings: Sequence[Drawing]) -> Iterator[Fault]:
    """Ids stand in addresses, in the log and in ``not_by``: one id, one node, over all diagrams."""
    owner: dict[str, str] = {}
    for drawing in drawings:
        ids = [*drawing.nodes, *(flow.id for flow in drawing.flows)]
        ids += [process.get("id", "") for process in drawing.processes()]
        for ident in ids:
            if ident in owner:
                yield drawing.fault(
                    ident, f"id已经用在{owner[ident]}里", f"the id is already used in {owner[ident]}"
                )
            owner.setdefault(ident, drawing.file)


def _file(drawing: Drawing) -> Iterator[Fault]:
    if len(drawing.processes()) != 1:
        yield drawing.fault("-", "一个文件只画一个流程", "a file holds exactly one process")
        return
    stem = PurePosixPath(drawing.file).stem
    if drawing.process != stem:
        yield drawing.fault(
            drawing.process, f"流程id应为文件名“{stem}”", f"the process id should be {stem!r}"
        )
    yield from _id(drawing, drawing.process)
    if not _HAN.search(drawing.processes()[0].get("name", "")):
        yield drawing.fault(drawing.process, "流程没有中文名称", "the process has no Chinese name")


def _id(drawing: Drawing, ident: str) -> Iterator[Fault]:
    if not SNAKE.fullmatch(ident):
        yield drawing.fault(ident or "-", "id只用小写字母、数字和下划线", "an id is snake_case")


def _name(drawing: Drawing, node: Node) -> Iterator[Fault]:
    splits = len(drawing.outgoing[node.id]) > 1
    if node.tag in GATEWAYS:
        if node.tag in CHOOSING and splits:
            if not node.name.endswith("？"):
                yield drawing.fault(
                    node.id, "网关的名称应是以“？”结尾的问句", "a gateway's name is a question ending in ？"
                )
            for flow in drawing.outgoing[node.id]:
                if not _HAN.search(flow.name):
                    yield drawing.fault(
                        flow.id, "出线没有写明答案", "the flow does not say which answer it is"
                    )
        elif node.name:
            yield drawing.fault(node.id, "汇合与并行网关不写名称", "joins and parallel gateways stay unnamed")
    elif not node.name:
        yield drawing.fault(node.id, "没有名称", "it has no name")
    elif node.tag in ACTIVITIES:
        yield from _step_name(drawing, node)
    elif node.name.endswith("？"):
        yield drawing.fault(
            node.id,
            "事件的名称应是达到的状态，不是问句",
            "an event is named for the state reached, not a question",
        )
    if node.name and not _HAN.search(node.name):
        yield drawing.fault(node.id, "名称不是中文", "its name is not Chinese")


def _step_name(drawing: Drawing, node: Node) -> Iterator[Fault]:
    """Verb and object: no state, no question, and not the verb alone."""
    if STATES.search(node.name):
        yield drawing.fault(
            node.id,
            "环节的名称应是动词加对象，不是状态或问句",
            "a step is named by verb and object, not by a state or a question",
        )
    elif len(node.name) < SHORTEST_STEP:
        yield drawing.fault(
            node.id, "环节的名称只有动词，没有对象", "the name of the step has a verb but no object"
        )


def _lanes(drawing: Drawing) -> Iterator[Fault]:
    if not drawing.lanes:
        yield drawing.fault(drawing.process or "-", "没有泳道", "there are no lanes")
        return
    names: set[str] = set()
    for lane, (name, _) in drawing.lanes.items():
        if not _HAN.search(name):
            yield drawing.fault(lane, "泳道没有中文名称", "the lane has no Chinese name")
        if name in names:
            yield drawing.fault(lane, f"泳道“{name}”重复", f"lane {name} stands twice")
        names.add(name)
    for node in drawing.nodes.values():
        if node.scope in drawing.nodes and drawing.nodes[node.scope].tag in CONTAINERS:
            continue  # what lies in a sub-process belongs to the lane of that sub-process
        count = sum(node.id in members for _, members in drawing.lanes.values())
        if count != 1:
            yield drawing.fault(
                node.id, f"属于{count}条泳道，应为一条", f"it is in {count} lanes, not in one"
            )
