"""Reading policy sets: policy.toml and tariff.dmn together, all faults at once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from bpmn.faults import Fault
from workflow.amounts import cells, completeness
from workflow.amounts.model import (
    Bands,
    LimitChange,
    NotCovered,
    Parameter,
    Policy,
    Pool,
    Procedure,
    Rule,
    Segment,
    Threshold,
)
from workflow.amounts.policy_file import BandsPart, PolicyPart, read_policy_file
from workflow.amounts.refusals import PolicyRefused, fault
from workflow.amounts.tariff import Row, TableReader
from workflow.amounts.vocabulary import DATA, category_order

POLICY, TARIFF = "policy.toml", "tariff.dmn"

Value = TypeVar("Value")


def read_policies(files: Mapping[str, bytes]) -> Mapping[str, Policy]:
    """All policy sets of a rule book, by id: its files `policies/<id>/policy.toml` and `…/tariff.dmn`.

    Raises:
        PolicyRefused: every fault of every set, each with file, element or cell, and reason.
    """
    order = category_order(files.get("categories.toml"))
    folders: dict[str, dict[str, bytes]] = defaultdict(dict)
    faults: list[Fault] = []
    for path, content in sorted(files.items()):
        if not path.startswith("policies/"):
            continue
        folder, _, name = path.rpartition("/")
        if folder.count("/") != 1 or name not in (POLICY, TARIFF):
            faults.append(fault(path, "-", "政策集里没有这样的文件", "a policy set has no such file"))
            continue
        folders[folder][name] = content
    policies: dict[str, Policy] = {}
    for folder, parts in folders.items():
        policy = _read_set(folder, parts, order, faults)
        if policy is not None and policy.id != folder.rpartition("/")[2]:
            faults.append(
                fault(f"{folder}/{POLICY}", "id", "应与文件夹同名", "must be the name of the folder")
            )
        elif policy is not None:
            policies[policy.id] = policy
    if faults:
        raise PolicyRefused(faults)
    return MappingProxyType(policies)


def read_folder(folder: Path) -> Policy:
    """One policy set from a folder on disk, wherever it lies and whatever the folder is called.

    Raises:
        PolicyRefused: as above.
    """
    parts = {name: (folder / name).read_bytes() for name in (POLICY, TARIFF) if (folder / name).is_file()}
    faults: list[Fault] = []
    policy = _read_set(str(folder), parts, category_order(), faults)
    if policy is None or faults:
        raise PolicyRefused(faults)
    return policy


def packaged() -> tuple[str, ...]:
    """The ids of the policy sets that came with the program."""
    return tuple(sorted(each.parent.name for each in DATA.glob(f"policies/*/{POLICY}")))


def _read_set(
    folder: str, parts: Mapping[str, bytes], order: Sequence[str], faults: list[Fault]
) -> Policy | None:
    """One set, or None; whatever is wrong is added to `faults`."""
    mine: list[Fault] = []
    missing = [name for name in (POLICY, TARIFF) if name not in parts]
    mine += [fault(f"{folder}/{name}", "-", "缺少这个文件", "this file is missing") for name in missing]
    policy = None
    if not missing:
        rows = TableReader(f"{folder}/{TARIFF}", mine).read(parts[TARIFF])
        part = read_policy_file(f"{folder}/{POLICY}", parts[POLICY], mine)
        if part is not None:
            policy = _Assembly(folder, part, order, mine).policy(rows)
    faults += mine
    return None if mine else policy


class _Assembly:
    """Puts the two files together: every name used in one must be known in the other."""

    def __init__(self, folder: str, part: PolicyPart, order: Sequence[str], faults: list[Fault]) -> None:
        self._toml, self._dmn = f"{folder}/{POLICY}", f"{folder}/{TARIFF}"
        self._part, self._faults = part, faults
        # The set's own list comes first and decides ties; whoever else there is stands behind it.
        self._shared = frozenset(order)
        self._order = tuple(dict.fromkeys([*part.categories, *order]))
        self._readings: tuple[str | None, ...] = tuple(part.readings) or (None,)
        self._bands = {name: self._read_bands(name, each) for name, each in part.bands.items()}

    def policy(self, rows: Sequence[Row]) -> Policy:
        """The whole set; only to be used when no fault was added."""
        part = self._part
        self._check_names()
        not_covered = tuple(
            NotCovered(frozenset(each.categories), frozenset(each.kinds), each.reason.text())
            for each in part.not_covered
        )
        sound = not self._faults
        rules = tuple(self._rule(number, row) for number, row in enumerate(rows, start=1))
        # Gaps and overlaps of a table whose cells are wrong would only be noise.
        if sound and not self._faults:
            scope = completeness.Scope(part.categories, tuple(part.kinds), self._readings)
            self._faults += completeness.check(self._dmn, scope, rules, not_covered)
        return Policy(
            id=part.id,
            version=part.version,
            title=part.title.text(),
            area=part.area,
            valid_from=part.valid_from,
            valid_to=part.valid_to,
            source=part.source,
            demonstration=part.demonstration,
            order=self._order,
            categories=frozenset(part.categories),
            own_categories=MappingProxyType(
                {code: each.text() for code, each in part.own_categories.items()}
            ),
            kinds=MappingProxyType({name: each.text() for name, each in part.kinds.items()}),
            reading=part.reading,
            readings=MappingProxyType({name: each.text() for name, each in part.readings.items()}),
            parameters=MappingProxyType({name: self._parameter(name) for name in part.parameters}),
            pools=MappingProxyType(
                {
                    name: Pool(name, each.title.text(), tuple(each.kinds), each.limit)
                    for name, each in part.pools.items()
                }
            ),
            rules=rules,
            not_covered=not_covered,
            procedure=Procedure(
                ways=tuple(part.procedure.ways),
                posting_review=part.procedure.posting_review,
                posting_audit=part.procedure.posting_audit,
                posting_decision=part.procedure.posting_decision,
                review_signatures=part.procedure.review_signatures,
                review_majority=part.procedure.review_majority,
                economy_check=frozenset(part.procedure.economy_check),
            ),
            limits=MappingProxyType(
                {
                    name: LimitChange(
                        each.amount,
                        each.unit,
                        None if each.warn is None else tuple(each.warn),
                        each.source,
                    )
                    for name, each in part.limits.items()
                }
            ),
            thresholds=MappingProxyType(
                {
                    name: Threshold(name, each.title.text(), each.value, each.source)
                    for name, each in part.thresholds.items()
                }
            ),
        )

    def _parameter(self, name: str) -> Parameter:
        part = self._part.parameters[name]
        by_year = MappingProxyType({int(year): amount for year, amount in part.by_year.items()})
        return Parameter(name, part.title.text(), part.source, by_year)

    def _wrong(self, element: str, zh: str, en: str) -> None:
        self._faults.append(fault(self._toml, element, zh, en))

    def _check_names(self) -> None:
        part = self._part
        self._check_categories()
        for number, each in enumerate(part.not_covered):
            self._known(f"not_covered.{number}.categories", each.categories, part.categories)
            self._known(f"not_covered.{number}.kinds", each.kinds, part.kinds)
        self._check_validity()
        for name, limit in part.limits.items():
            if limit.amount is None and limit.unit is None and limit.warn is None:
                self._wrong(
                    f"limits.{name}", "没有改动 amount、unit 或 warn", "changes none of amount, unit, warn"
                )
        if part.reading not in self._readings:
            self._wrong(
                "reading",
                "应为 readings 中的一种（没有 readings 时不写）",
                "must be one of the readings, if any",
            )
        self._check_pools()

    def _check_categories(self) -> None:
        part = self._part
        self._known("categories", part.categories, self._shared | set(part.own_categories))
        self._known("procedure.economy_check", part.procedure.economy_check, self._order)
        for code in sorted({code for code in part.categories if part.categories.count(code) > 1}):
            self._wrong("categories", f"“{code}”写了不止一次", f"{code!r} stands more than once")
        for code in part.own_categories:
            where = f"own_categories.{code}"
            if code in self._shared:
                self._wrong(
                    where, "已是共用的类别，不得另定", "is one of the shared categories and keeps its meaning"
                )
            if code not in part.categories:
                self._wrong(where, "没有列入 categories", "does not stand in “categories”")

    def _check_validity(self) -> None:
        part = self._part
        if part.valid_from is None:
            if not part.demonstration or part.valid_to is not None:
                self._wrong(
                    "valid_from",
                    "没有生效日期的政策集只供示范：写 demonstration = true，不写 valid_to",
                    "a set without validity is a demonstration: say demonstration = true and no valid_to",
                )
        elif part.valid_to is not None and part.valid_to < part.valid_from:
            self._wrong("valid_to", "早于 valid_from", "earlier than valid_from")

    def _check_pools(self) -> None:
        placed = [kind for pool in self._part.pools.values() for kind in pool.kinds]
        for name, pool in self._part.pools.items():
            self._known(f"pools.{name}.kinds", pool.kinds, self._part.kinds)
        for kind in self._part.kinds:
            if placed.count(kind) != 1:
                self._wrong(
                    f"kinds.{kind}",
                    f"应恰属于一个额度，现属于{placed.count(kind)}个",
                    f"must belong to exactly one pool, belongs to {placed.count(kind)}",
                )

    def _known(self, element: str, used: Iterable[str], known: Iterable[str]) -> None:
        for name in sorted(set(used) - set(known)):
            self._wrong(element, f"不认识“{name}”", f"{name!r} is unknown")

    def _read_bands(self, name: str, part: BandsPart) -> Bands:
        begin: Decimal | None = Decimal(0)
        for number, row in enumerate(part.rows):
            where = f"bands.{name}.rows.{number}"
            if (row.ratio is None) is not row.unstated:
                self._wrong(
                    where, "写 ratio，或者写 unstated = true", "give a ratio or unstated = true, one of them"
                )
            if begin is None or row.low != begin or (row.high is not None and row.high <= row.low):
                self._wrong(
                    where, "各段应从0开始、首尾相接", "bands begin at 0 and each begins where the last ended"
                )
            begin = row.high
        if begin is not None:
            self._wrong(
                f"bands.{name}", "最后一段不写 to（没有上限）", "the last band has no “to” (it is open)"
            )
        return Bands(
            name, part.on == "whole", tuple(Segment(row.low, row.high, row.ratio) for row in part.rows)
        )

    def _rule(self, number: int, row: Row) -> Rule:
        where = f"rule {number} {row.id}"

        def refuse(column: str, zh: str, en: str) -> None:
            self._faults.append(fault(self._dmn, f"{where} / {column}", zh, en))

        def cell(column: str, parse: Callable[[str], Value], otherwise: Value) -> Value:
            try:
                return parse(row.cells.get(column, ""))
            except cells.CellRefused as error:
                refuse(column, error.reason.zh, error.reason.en)
                return otherwise

        def among(column: str, known: Iterable[str]) -> frozenset[str]:
            every = frozenset(known)
            named = cell(column, cells.texts, None)
            if named is None:
                return every
            for name in sorted(named - every):
                refuse(column, f"不认识“{name}”", f"{name!r} is unknown")
            return named

        kinds = among("kind", self._part.kinds)
        ratio, bands = cell("ratio", cells.ratio, None), cell("bands", cells.text, None)
        pool = cell("pool", cells.text, None)
        deductible = cell("deductible", cells.deductible, cells.deductible("0"))
        if (ratio is None) is (bands is None):
            refuse("ratio", "写 ratio 或 bands，只写一个", "give a ratio or bands, one of them")
        if bands is not None and bands not in self._bands:
            refuse("bands", f"不认识“{bands}”", f"{bands!r} is unknown")
        if pool not in self._part.pools:
            refuse("pool", f"不认识“{pool}”", f"{pool!r} is unknown")
        elif not kinds <= set(self._part.pools[pool].kinds):
            refuse("pool", "这个额度不含这一行的类别", "this pool does not hold the kinds of this row")
        if deductible.parameter is not None and deductible.parameter not in self._part.parameters:
            refuse("deductible", f"不认识“{deductible.parameter}”", f"{deductible.parameter!r} is unknown")
        named_readings = among("reading", self._part.readings)
        return Rule(
            id=row.id,
            categories=among("category", self._part.categories),
            kinds=kinds,
            ages=cell("age", cells.ages, cells.ages("-")),
            readings=frozenset(named_readings) or frozenset(self._readings),
            deductible=deductible,
            ratio=ratio,
            bands=None if bands is None else self._bands.get(bands),
            pool=pool or "",
            deducted=cell("base", cells.base, ()),
            source=row.source,
        )
