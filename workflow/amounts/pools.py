"""Pools and their yearly limits: read, and checked against what the table asks of them."""

from collections.abc import Iterator, Mapping, Sequence

from bpmn.faults import Fault
from workflow.amounts import cells
from workflow.amounts.completeness import spans, written
from workflow.amounts.model import EVERY_AGE, Ages, Pool, PoolLimit, Rule
from workflow.amounts.policy_file import PolicyPart, PoolLimitPart, PoolPart
from workflow.amounts.refusals import fault


def read_pools(
    file: str, part: PolicyPart, ages: Mapping[str, Ages], faults: list[Fault]
) -> Mapping[str, Pool]:
    """The pools by id; whatever is wrong with them is added to `faults`."""
    everybody = frozenset(part.categories)
    pools = {
        name: Pool(
            id=name,
            title=each.title.text(),
            kinds=tuple(each.kinds),
            within=each.within,
            merges=each.merges,
            limits=_limits(file, name, each, everybody, ages, faults),
            times=each.times,
        )
        for name, each in part.pools.items()
    }
    faults += _faults(file, part)
    return pools


def _limits(
    file: str,
    name: str,
    part: PoolPart,
    everybody: frozenset[str],
    ages: Mapping[str, Ages],
    faults: list[Fault],
) -> tuple[PoolLimit, ...]:
    if part.unlimited:
        return ()
    if part.limits is None:
        return (PoolLimit(everybody, EVERY_AGE, part.limit, stated=part.limit is not None),)
    found = []
    for number, row in enumerate(part.limits):
        where = f"pools.{name}.limits.{number}"
        for code in sorted(set(row.categories) - everybody):
            faults.append(fault(file, f"{where}.categories", f"不认识“{code}”", f"{code!r} is unknown"))
        found.append(_limit(file, where, row, ages, faults))
    return tuple(found)


def _limit(
    file: str, where: str, row: PoolLimitPart, ages: Mapping[str, Ages], faults: list[Fault]
) -> PoolLimit:
    span = EVERY_AGE
    try:
        span = cells.ages(row.age, ages)
    except cells.CellRefused as refused:
        faults.append(Fault(file, f"{where}.age", refused.reason))
    if row.amount is not None and row.assumed is not None:
        faults.append(fault(file, where, "amount 和 assumed 只写一个", "give amount or assumed, not both"))
    amount = row.assumed if row.amount is None else row.amount
    return PoolLimit(frozenset(row.categories), span, amount, stated=row.amount is not None)


def _faults(file: str, part: PolicyPart) -> Iterator[Fault]:
    """What can be said of the pools before the table is read."""
    placed = [kind for pool in part.pools.values() for kind in pool.kinds]
    for kind in part.kinds:
        if placed.count(kind) != 1:
            yield fault(
                file,
                f"kinds.{kind}",
                f"应恰属于一个额度，现属于{placed.count(kind)}个",
                f"must belong to exactly one pool, belongs to {placed.count(kind)}",
            )
    for name, pool in part.pools.items():
        where = f"pools.{name}"
        for kind in sorted(set(pool.kinds) - set(part.kinds)):
            yield fault(file, f"{where}.kinds", f"不认识“{kind}”", f"{kind!r} is unknown")
        if sum((pool.limit is not None, pool.limits is not None, pool.unlimited)) > 1:
            yield fault(
                file,
                where,
                "limit、limits、unlimited 只写一个",
                "give limit, limits or unlimited, one of them",
            )
        if not pool.kinds and name not in {each.within for each in part.pools.values()}:
            yield fault(file, f"{where}.kinds", "没有费用记入这个额度", "nothing counts against this pool")
        if pool.merges and pool.within is None:
            yield fault(
                file,
                f"{where}.merges",
                "不在别的额度之内，没有可以合并的",
                "lies within no other pool: there is nothing to merge with",
            )
        yield from _loops(file, name, part)


def _loops(file: str, name: str, part: PolicyPart) -> Iterator[Fault]:
    seen = {name}
    outer = part.pools[name].within
    while outer is not None:
        if outer not in part.pools:
            yield fault(file, f"pools.{name}.within", f"不认识“{outer}”", f"{outer!r} is unknown")
            return
        if outer in seen:
            yield fault(file, f"pools.{name}.within", "额度互相包含", "the pools lie within each other")
            return
        seen.add(outer)
        outer = part.pools[outer].within


def check_limits(file: str, pools: Mapping[str, Pool], rules: Sequence[Rule]) -> Iterator[Fault]:
    """Every gap and overlap among the limits of the pools that the rules draw from."""
    drawn: dict[str, list[Rule]] = {}
    for rule in rules:
        inner: str | None = rule.pool
        while inner is not None:
            drawn.setdefault(inner, []).append(rule)
            inner = pools[inner].within
    for name, drawing in drawn.items():
        limits = pools[name].limits
        if not limits:
            continue
        told: set[str] = set()
        for rule in drawing:
            for category in sorted(rule.categories):
                for span in spans([rule.ages, *(limit.ages for limit in limits)]):
                    if span.first not in rule.ages:
                        continue
                    found = [limit for limit in limits if limit.fits(category, span.first)]
                    where = f"pools.{name}.limits {category} / {written(span)}"
                    if len(found) == 1 or where in told:
                        continue
                    told.add(where)
                    if found:
                        yield fault(file, where, "几个限额同时适用", "several limits apply")
                    else:
                        yield fault(
                            file,
                            where,
                            "没有适用的限额；未写明的写 assumed 或留空 amount",
                            "no limit applies; where the policy is silent, say so with a row without amount",
                        )
