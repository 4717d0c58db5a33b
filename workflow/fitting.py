"""Diagrams and the rest of the rule book fit together: what a diagram names, another file provides."""

from collections.abc import Collection, Iterator, Mapping

from bpmn import Fault, Rulebook, RulebookError, Text
from workflow import limits_in_use
from workflow.alerts.recipients import alert_rules
from workflow.cases.clocks import ALL
from workflow.deadlines import read_calendar
from workflow.engine import Model, Node
from workflow.letter_words import BY_HAND, KNOWN
from workflow.permissions import MATRIX, may

Table = tuple[Text, Collection[str]]


def require_fitting(rulebook: Rulebook, model: Model) -> None:
    """Refuse diagrams that name a role, form, limit, paper, state or step that does not exist.

    The same holds of the list of flows: process, form, papers and state of each must be there; and no letter
    asks for a value that nothing gives.

    Raises:
        RulebookError: file, element and reason of every such name.
    """
    faults = [
        *_unknown(rulebook, model),
        *_unknown_in_the_list(rulebook, model),
        *_never_said(rulebook),
    ]
    for read in (alert_rules, limits_in_use.require_used, _read_calendar):
        try:
            read(rulebook)
        except RulebookError as refused:
            faults += refused.faults
    if faults:
        raise RulebookError(faults)


def _never_said(rulebook: Rulebook) -> Iterator[Fault]:
    for letter in rulebook.letters.values():
        wanted = frozenset() if letter.id in BY_HAND else letter.fields | letter.optional
        for name in sorted(wanted - KNOWN):
            words = Text(f"没有哪个环节给出“{name}”", f"nothing ever gives the value {name!r}")
            yield Fault(f"letters/{letter.id}.toml", name, words)


def _read_calendar(rulebook: Rulebook) -> None:
    days, years = (rulebook.files.get(f"calendar/{name}.csv") for name in ("cn", "years"))
    if days is not None and years is not None:
        read_calendar(days, years)


def _unknown(rulebook: Rulebook, model: Model) -> Iterator[Fault]:
    steps = {node for flow in model.flows.values() for node in flow.nodes}
    limit = (Text("期限", "limit"), rulebook.limits)
    tables: Mapping[str, Table] = {
        "role": (Text("岗位", "role"), rulebook.roles),
        "form": (Text("表单", "form"), rulebook.forms),
        "limit": limit,
        "pauses": (limit[0], {*rulebook.limits, ALL}),
        "runs_on": limit,
        "evidence": (Text("材料", "paper"), rulebook.papers),
        "state": (Text("状态", "state"), rulebook.states),
        "not_by": (Text("环节", "step"), steps),
    }
    for flow in model.flows.values():
        for node in flow.nodes.values():
            yield from _faults_of(flow.file, node, tables)
            yield from _nobody_may(flow.file, node)


def _nobody_may(file: str, node: Node) -> Iterator[Fault]:
    """A step for a role that may complete none would stay open for ever."""
    role = node.properties.get("role", "")
    if "form" in node.properties and role in MATRIX.roles and may(role, "complete_task") is None:
        told = Text(f"岗位“{role}”没有办理环节的权限", f"the role {role} may not complete a step")
        yield Fault(file, node.id, told)


def _faults_of(file: str, node: Node, tables: Mapping[str, Table]) -> Iterator[Fault]:
    for name, (kind, known) in tables.items():
        for word in node.properties.get(name, "").split():
            if word not in known and "{" not in word:  # {posting}: filled in when the step opens
                told = Text(f"没有{kind.zh}“{word}”（{name}）", f"there is no {kind.en} {word!r} ({name})")
                yield Fault(file, node.id, told)


def _unknown_in_the_list(rulebook: Rulebook, model: Model) -> Iterator[Fault]:
    for row in rulebook.flows.values():
        asked: tuple[tuple[str, Text, Collection[str], Collection[str]], ...] = (
            ("", Text("流程图", "diagram"), (row.id,), model.flows),
            (".form", Text("表单", "form"), (row.form,), rulebook.forms),
            (".papers", Text("材料", "paper"), row.papers, rulebook.papers),
            (".state", Text("状态", "state"), (row.state,), rulebook.states),
            (".permission", Text("权限", "permission"), (row.permission,), MATRIX.actions),
        )
        for key, kind, names, known in asked:
            for name in names:
                if name not in known:
                    told = Text(f"没有{kind.zh}“{name}”", f"there is no {kind.en} {name!r}")
                    yield Fault("flows.toml", f"{row.id}{key}", told)
