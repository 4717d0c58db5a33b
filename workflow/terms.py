"""What holds for the cases of one policy set: the shared rules, as its county has changed them.

Limits and categories stand in bpmn/limits.toml and bpmn/categories.toml for everybody; a policy set
may set its own limits, add its own categories and choose its ways. Who asks for a limit or a
category of a case asks here, with the case's policy set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bpmn import Fault, LimitRow, Rulebook, RulebookError, Text
from workflow import deadlines, engine
from workflow.amounts import LimitChange, Policy, PolicyRefused
from workflow.deadlines import Limit
from workflow.errors import StepImpossible


@dataclass(frozen=True, slots=True)
class Terms:
    """Limits by id; names of categories by code, in the order that decides a tie; `policy` None = no set."""

    policy: Policy | None
    limits: Mapping[str, Limit]
    categories: Mapping[str, Text]

    def in_order(self, codes: Iterable[str]) -> list[str]:
        """Category codes, the most favourable first (C-07); unknown ones last."""
        places = {code: place for place, code in enumerate(self.categories)}
        return sorted(codes, key=lambda code: places.get(code, len(places)))


def terms_of(rulebook: Rulebook, model: engine.Model, policies: Mapping[str, Policy]) -> Mapping[str, Terms]:
    """The terms of every policy set by its id, and under "" those of a case without one.

    Raises:
        PolicyRefused: a set changes a limit or names a way that does not exist, its warning does not
            fit its limit, or two sets mean different things by one category code.
    """
    shared = Terms(None, deadlines.limits_of(rulebook), _ordered(rulebook, None))
    terms = {"": shared}
    faults = [*_clashes(policies), *_ambiguous(policies)]
    for policy in policies.values():
        file = f"policies/{policy.id}/policy.toml"
        faults += _unknown_ways(file, policy, model)
        limits = dict(shared.limits)
        for limit_id, change in policy.limits.items():
            try:
                limits[limit_id] = _changed(file, rulebook.limits.get(limit_id), limit_id, change)
            except RulebookError as refused:
                faults += refused.faults
        terms[policy.id] = Terms(policy, MappingProxyType(limits), _ordered(rulebook, policy))
    if faults:
        raise PolicyRefused(faults)
    return MappingProxyType(terms)


def _changed(file: str, row: LimitRow | None, limit_id: str, change: LimitChange) -> Limit:
    where = f"limits.{limit_id}"
    if row is None:
        told = Text(f"limits.toml 里没有“{limit_id}”这个期限", f"limits.toml has no limit {limit_id!r}")
        raise RulebookError([Fault(file, where, told)])
    if change.on and not row.on:
        told = Text("这个时限不按日期到期，不能写on", "this limit does not end on a date: `on` cannot be set")
        raise RulebookError([Fault(file, f"{where}.on", told)])
    longer = change.amount or change.unit or change.on
    kept = () if longer else row.warn  # warnings made for another length fit no more
    changed = replace(
        row,
        amount=change.amount or row.amount,
        unit=change.unit or row.unit,
        warn=kept if change.warn is None else change.warn,
        source=change.source,
        on=change.on or row.on,
    )
    try:
        return deadlines.limits_of({limit_id: changed})[limit_id]
    except RulebookError as refused:
        raise RulebookError(
            [Fault(file, f"limits.{each.element}", each.reason) for each in refused.faults]
        ) from None


def _ordered(rulebook: Rulebook, policy: Policy | None) -> Mapping[str, Text]:
    shared = {row.id: row.name for row in sorted(rulebook.categories.values(), key=lambda row: row.order)}
    if policy is None:
        return MappingProxyType(shared)
    names = shared | dict(policy.own_categories)
    return MappingProxyType({code: names[code] for code in policy.order})


def _unknown_ways(file: str, policy: Policy, model: engine.Model) -> list[Fault]:
    return [
        Fault(file, "procedure.ways", Text(f"没有流程图“{way}”", f"there is no diagram {way!r}"))
        for way in policy.procedure.ways
        if way not in model.flows
    ]


def _clashes(policies: Mapping[str, Policy]) -> list[Fault]:
    """Rosters name categories by code alone, so a code means the same in every set."""
    faults: list[Fault] = []
    first: dict[str, tuple[str, Text]] = {}
    for policy in policies.values():
        for code, name in policy.own_categories.items():
            known_by, known = first.setdefault(code, (policy.id, name))
            if known != name:
                told = Text(
                    f"与政策集“{known_by}”同一代码而名称不同（{known.zh}）",
                    f"the set {known_by!r} gives this code another name ({known.en})",
                )
                faults.append(Fault(f"policies/{policy.id}/policy.toml", f"own_categories.{code}", told))
    return faults


def _ambiguous(policies: Mapping[str, Policy]) -> list[Fault]:
    """Bills are imported with the Chinese names of their kinds, so one name means one kind."""
    faults: list[Fault] = []
    meaning: dict[str, str] = {}
    for policy in policies.values():
        for kind, name in policy.kinds.items():
            known = meaning.setdefault(name.zh, kind)
            if known != kind:
                told = Text(f"“{name.zh}”已是“{known}”的名称", f"{name.zh!r} already names {known!r}")
                faults.append(Fault(f"policies/{policy.id}/policy.toml", f"kinds.{kind}", told))
    return faults


def require_way(policy: Policy, flow: str) -> None:
    """Make sure that applications under this policy set may take this flow.

    Raises:
        StepImpossible: the county does not use it.
    """
    if flow not in policy.procedure.ways:
        raise StepImpossible(
            Text(
                f"政策“{policy.title.zh}”不采用这个办理流程（{flow}）。",
                f"The policy “{policy.title.en}” does not use this procedure ({flow}).",
            )
        )
