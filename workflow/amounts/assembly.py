"""The two files of a policy set put together: every name used in one must be known in the other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from bpmn.faults import Fault
from workflow.amounts import cells, completeness, pools
from workflow.amounts.model import (
    EVERY_AGE,
    MEDICAL_SECURITY,
    Ages,
    Bands,
    Department,
    LimitChange,
    NotCovered,
    Parameter,
    Policy,
    Procedure,
    Segment,
    Threshold,
)
from workflow.amounts.policy_file import BandsPart, PolicyPart, SharedThreshold
from workflow.amounts.refusals import fault
from workflow.amounts.rows import Known, RowReader
from workflow.amounts.tariff import Row
from workflow.amounts.vocabulary import POLICY, TARIFF


@dataclass(frozen=True, slots=True)
class Shared:
    """What all policy sets have in common: category codes in the order of domain 1.3, thresholds."""

    categories: tuple[str, ...]
    thresholds: Mapping[str, SharedThreshold]


class Assembly:
    """One set; whatever is wrong is added to `faults`, and reading goes on where it can."""

    def __init__(self, folder: str, part: PolicyPart, shared: Shared, faults: list[Fault]) -> None:
        self._toml, self._dmn = f"{folder}/{POLICY}", f"{folder}/{TARIFF}"
        self._part, self._shared, self._faults = part, shared, faults
        # The set's own list comes first and decides ties; whoever else there is stands behind it.
        self._order = tuple(dict.fromkeys([*part.categories, *shared.categories]))
        self._ages = {name: self._age_group(name) for name in part.ages}
        self._bands = {name: self._read_bands(name, each) for name, each in part.bands.items()}
        self._pools = pools.read_pools(self._toml, part, self._ages, faults)

    def policy(self, rows: Sequence[Row]) -> Policy:
        """The whole set; only to be used when no fault was added."""
        part = self._part
        self._check_names()
        sound = not self._faults
        known = Known(
            categories=tuple(part.categories),
            kinds=tuple(part.kinds),
            ages=self._ages,
            readings=tuple(part.readings),
            parameters=frozenset(part.parameters),
            bands=self._bands,
            pools=self._pools,
        )
        reader = RowReader(self._dmn, known, self._faults)
        rules = tuple(reader.rule(number, row) for number, row in enumerate(rows, start=1))
        not_covered = tuple(
            NotCovered(frozenset(each.categories), frozenset(each.kinds), each.reason.text())
            for each in part.not_covered
        )
        # Gaps and overlaps of a table whose cells are wrong would only be noise.
        if sound and not self._faults:
            scope = completeness.Scope(part.categories, tuple(part.kinds), tuple(part.readings) or (None,))
            self._faults += completeness.check(self._dmn, scope, rules, not_covered)
            self._faults += pools.check_limits(self._toml, self._pools, rules)
        return Policy(
            id=part.id,
            version=part.version,
            title=part.title.text(),
            area=part.area,
            valid_from=part.valid_from,
            valid_to=part.valid_to,
            source=part.source,
            demonstration=part.demonstration,
            department=self._department(),
            order=self._order,
            categories=frozenset(part.categories),
            own_categories=MappingProxyType(
                {code: each.text() for code, each in part.own_categories.items()}
            ),
            everybody=part.everybody,
            kinds=MappingProxyType({name: each.text() for name, each in part.kinds.items()}),
            reading=part.reading,
            readings=MappingProxyType({name: each.text() for name, each in part.readings.items()}),
            parameters=MappingProxyType({name: self._parameter(name) for name in part.parameters}),
            pools=MappingProxyType(dict(self._pools)),
            rules=rules,
            not_covered=not_covered,
            procedure=self._procedure(),
            limits=MappingProxyType(
                {
                    name: LimitChange(
                        each.amount,
                        each.unit,
                        None if each.warn is None else tuple(each.warn),
                        each.source,
                        each.on,
                    )
                    for name, each in part.limits.items()
                }
            ),
            thresholds=MappingProxyType({each.name: each for each in self._thresholds()}),
        )

    def _department(self) -> Department:
        part = self._part.department
        return MEDICAL_SECURITY if part is None else Department(part.id, part.title.text())

    def _procedure(self) -> Procedure:
        part = self._part.procedure
        return Procedure(
            ways=tuple(part.ways),
            posting_review=part.posting_review,
            posting_audit=part.posting_audit,
            posting_decision=part.posting_decision,
            review_signatures=part.review_signatures,
            review_majority=part.review_majority,
            economy_check=frozenset(part.economy_check),
        )

    def _thresholds(self) -> Iterator[Threshold]:
        """The shared figures with the values of this set; those nobody gives a value are left out."""
        mine = self._part.thresholds
        for name, shared in self._shared.thresholds.items():
            given = mine.get(name)
            value = shared.value if given is None else given.value
            if value is not None:
                yield Threshold(name, shared.title.text(), value, (given or shared).source)

    def _parameter(self, name: str) -> Parameter:
        part = self._part.parameters[name]
        by_year = MappingProxyType({int(year): amount for year, amount in part.by_year.items()})
        return Parameter(name, part.title.text(), part.source, by_year)

    def _age_group(self, name: str) -> Ages:
        try:
            return cells.ages(self._part.ages[name].years)
        except cells.CellRefused as refused:
            self._faults.append(Fault(self._toml, f"ages.{name}.years", refused.reason))
            return EVERY_AGE

    def _wrong(self, element: str, zh: str, en: str) -> None:
        self._faults.append(fault(self._toml, element, zh, en))

    def _known(self, element: str, used: Iterable[str], known: Iterable[str]) -> None:
        for name in sorted(set(used) - set(known)):
            self._wrong(element, f"不认识“{name}”", f"{name!r} is unknown")

    def _check_names(self) -> None:
        part = self._part
        self._check_categories()
        self._check_validity()
        for number, each in enumerate(part.not_covered):
            self._known(f"not_covered.{number}.categories", each.categories, part.categories)
            self._known(f"not_covered.{number}.kinds", each.kinds, part.kinds)
        self._known("thresholds", part.thresholds, self._shared.thresholds)
        for name, limit in part.limits.items():
            if (limit.amount, limit.unit, limit.warn, limit.on) == (None, None, None, None):
                self._wrong(
                    f"limits.{name}",
                    "没有改动 amount、unit、on 或 warn",
                    "changes none of amount, unit, on, warn",
                )
        if part.reading not in (tuple(part.readings) or (None,)):
            self._wrong(
                "reading",
                "应为 readings 中的一种（没有 readings 时不写）",
                "must be one of the readings, if any",
            )

    def _check_categories(self) -> None:
        part, shared = self._part, frozenset(self._shared.categories)
        self._known("categories", part.categories, shared | set(part.own_categories))
        self._known("procedure.economy_check", part.procedure.economy_check, self._order)
        for code in sorted({code for code in part.categories if part.categories.count(code) > 1}):
            self._wrong("categories", f"“{code}”写了不止一次", f"{code!r} stands more than once")
        if part.everybody is not None:
            self._known("everybody", [part.everybody], part.categories)
        for code in part.own_categories:
            where = f"own_categories.{code}"
            if code in shared:
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
