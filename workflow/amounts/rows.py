"""One row of the decision table becomes a rule; every cell that cannot be is named with its row."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bpmn.faults import Fault
from workflow.amounts import cells
from workflow.amounts.model import EVERY_AGE, Ages, Bands, Pool, Rule
from workflow.amounts.refusals import fault
from workflow.amounts.tariff import Row

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Known:
    """What the cells of a table may name."""

    categories: tuple[str, ...]
    kinds: tuple[str, ...]
    ages: Mapping[str, Ages]
    readings: tuple[str, ...]
    parameters: frozenset[str]
    bands: Mapping[str, Bands]
    pools: Mapping[str, Pool]


class RowReader:
    """Reads the rows of one file; what is wrong is added to `faults` and a harmless stand-in taken."""

    def __init__(self, file: str, known: Known, faults: list[Fault]) -> None:
        self._file, self._known, self._faults = file, known, faults

    def rule(self, number: int, row: Row) -> Rule:
        known, where = self._known, f"rule {number} {row.id}"

        def refuse(column: str, zh: str, en: str) -> None:
            self._faults.append(fault(self._file, f"{where} / {column}", zh, en))

        def cell(column: str, parse: Callable[[str], Value], otherwise: Value) -> Value:
            try:
                return parse(row.cells.get(column, ""))
            except cells.CellRefused as error:
                refuse(column, error.reason.zh, error.reason.en)
                return otherwise

        def among(column: str, names: Iterable[str]) -> frozenset[str]:
            every = frozenset(names)
            named = cell(column, cells.texts, None)
            if named is None:
                return every
            for name in sorted(named - every):
                refuse(column, f"不认识“{name}”", f"{name!r} is unknown")
            return named

        kinds = among("kind", known.kinds)
        ratio, bands = cell("ratio", cells.ratio, None), cell("bands", cells.text, None)
        pool = cell("pool", cells.text, None)
        deductible = cell("deductible", cells.deductible, cells.deductible("0"))
        least, most = cell("least", cells.least, None), cell("most", cells.most, None)
        if (ratio is None) is (bands is None):
            refuse("ratio", "写 ratio 或 bands，只写一个", "give a ratio or bands, one of them")
        if bands is not None and bands not in known.bands:
            refuse("bands", f"不认识“{bands}”", f"{bands!r} is unknown")
        if pool not in known.pools:
            refuse("pool", f"不认识“{pool}”", f"{pool!r} is unknown")
        elif pool is not None and not kinds <= set(known.pools[pool].kinds):
            refuse("pool", "这个额度不含这一行的类别", "this pool does not hold the kinds of this row")
        if deductible.parameter is not None and deductible.parameter not in known.parameters:
            refuse("deductible", f"不认识“{deductible.parameter}”", f"{deductible.parameter!r} is unknown")
        if least is not None and most is not None and least > most.amount:
            refuse("least", "每次最低额高于最高额", "the least of a grant is above its most")
        return Rule(
            id=row.id,
            categories=among("category", known.categories),
            kinds=kinds,
            ages=cell("age", lambda written: cells.ages(written, known.ages), EVERY_AGE),
            readings=frozenset(among("reading", known.readings)) or frozenset({None}),
            deductible=deductible,
            ratio=ratio,
            bands=None if bands is None else known.bands.get(bands),
            pool=pool or "",
            deducted=cell("base", cells.base, ()),
            least=least,
            most=most,
            condition=row.condition,
            source=row.source,
        )
