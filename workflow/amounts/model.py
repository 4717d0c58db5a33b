"""What a policy set is, once read: immutable, every name resolved."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bpmn.text import Text
from workflow.amounts.vocabulary import ANYWHERE


@dataclass(frozen=True, slots=True)
class Parameter:
    """A yearly figure that the county fills in, in yuan by year."""

    name: str
    title: Text
    source: str
    by_year: Mapping[int, Decimal]

    def of_year(self, year: int) -> tuple[int, Decimal]:
        """The figure for a year, or of the nearest year before, or else the first; with its own year."""
        known = [each for each in self.by_year if each <= year]
        used = max(known) if known else min(self.by_year)
        return used, self.by_year[used]


@dataclass(frozen=True, slots=True)
class Ages:
    """Completed years on the admission date, both ends included; `last` None = open."""

    first: int
    last: int | None

    def __contains__(self, age: int) -> bool:
        return self.first <= age and (self.last is None or age <= self.last)


EVERY_AGE = Ages(0, None)


@dataclass(frozen=True, slots=True)
class PoolLimit:
    """A yearly limit in yuan for some categories and ages.

    `stated` is False where the policy is silent and the county has not filled the gap: `amount` is
    then at best an assumption to compute a trial with (None = not even that), never paid out on.
    """

    categories: frozenset[str]
    ages: Ages
    amount: Decimal | None
    stated: bool

    def fits(self, category: str, age: int) -> bool:
        return category in self.categories and age in self.ages


@dataclass(frozen=True, slots=True)
class Pool:
    """What shares one yearly limit per person.

    A pool may lie `within` another: what it pays counts there too. `merges`: a merge decision lifts
    its own limit, never that of the pool it lies within [C-10]. `limits` is empty where the policy
    knows no limit of this pool. `times`: so many grants a year.
    """

    id: str
    title: Text
    kinds: tuple[str, ...]  # its own; see Policy.kinds_within for those of the pools inside it
    within: str | None
    merges: bool
    limits: tuple[PoolLimit, ...]
    times: int | None

    def limit_for(self, category: str, age: int) -> PoolLimit | None:
        return next((limit for limit in self.limits if limit.fits(category, age)), None)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the yearly self-pay, from `low` to `high` yuan (None = open), and its ratio.

    `ratio` is None where the text of the policy states no rate [A-08].
    """

    low: Decimal
    high: Decimal | None
    ratio: Decimal | None

    def part(self, self_pay: Decimal) -> Decimal:
        """How much of a yearly self-pay lies in this stretch."""
        top = self_pay if self.high is None else min(self_pay, self.high)
        return max(Decimal(0), top - self.low)


@dataclass(frozen=True, slots=True)
class Bands:
    """Ratios by stretch. `whole`: counted on the whole self-pay; else on the part above the deductible."""

    id: str
    whole: bool
    rows: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Deductible:
    """A sum in yuan, or a share of a parameter (`amount` is then the share)."""

    amount: Decimal
    parameter: str | None


@dataclass(frozen=True, slots=True)
class Most:
    """The most of one grant: a sum in yuan, for each person it covers if `per_person` [C-30]."""

    amount: Decimal
    per_person: bool

    def of(self, persons: int) -> Decimal:
        return self.amount * persons if self.per_person else self.amount


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the decision table. Exactly one of `ratio` and `bands` is set.

    `least` and `most` bound one grant, in yuan; below `least` the policy has no grant at all.
    `condition`: what a person still has to check, in the words of the policy.
    """

    id: str
    categories: frozenset[str]
    kinds: frozenset[str]
    ages: Ages
    readings: frozenset[str | None]
    deductible: Deductible
    ratio: Decimal | None
    bands: Bands | None
    pool: str
    deducted: tuple[str, ...]  # the parts of the bill taken off T (domain 1.5)
    least: Decimal | None
    most: Most | None
    condition: str | None
    source: str

    def fits(self, category: str, kind: str, age: int, reading: str | None) -> bool:
        return (
            category in self.categories
            and kind in self.kinds
            and age in self.ages
            and reading in self.readings
        )

    def segments(self, deductible: Decimal) -> tuple[Segment, ...]:
        """The stretches of the yearly self-pay above this deductible, in yuan of self-pay."""
        if self.bands is None:
            return (Segment(deductible, None, self.ratio),)
        if self.bands.whole:
            # The deductible is taken away first: what lies below it is in no stretch.
            return tuple(
                Segment(max(row.low, deductible), row.high, row.ratio)
                for row in self.bands.rows
                if row.high is None or row.high > deductible
            )
        return tuple(
            Segment(row.low + deductible, None if row.high is None else row.high + deductible, row.ratio)
            for row in self.bands.rows
        )


@dataclass(frozen=True, slots=True)
class NotCovered:
    """Categories and kinds for which the policy has no rule, on purpose and with the reason."""

    categories: frozenset[str]
    kinds: frozenset[str]
    reason: Text


@dataclass(frozen=True, slots=True)
class LimitChange:
    """What a county does otherwise than bpmn/limits.toml; None = as there. Units as in the rule book."""

    amount: int | None
    unit: str | None
    warn: tuple[str, ...] | None
    source: str
    on: str | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """What the county switches in the flow (domain 2.1): ways, postings, review, obligatory economy check."""

    ways: tuple[str, ...]  # the flows an application may take here, the usual one first
    posting_review: bool
    posting_audit: bool
    posting_decision: bool
    review_signatures: int  # representatives who must have signed [C-20]
    review_majority: Decimal  # more than this share of the voters present must say yes [C-20]
    economy_check: frozenset[str]  # categories whose family economy is always checked


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure at which something else happens: yuan, or a ratio."""

    name: str
    title: Text
    value: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Department:
    """Who gives the aid of a set."""

    id: str
    title: Text


MEDICAL_SECURITY = Department("medical_security", Text("医疗保障部门", "medical security"))


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy set (政策集) in one version. A version never changes once it is in force."""

    id: str
    version: str
    title: Text
    area: str
    valid_from: date | None  # None: the source states no validity; a demonstration
    valid_to: date | None
    source: str
    demonstration: bool
    department: Department
    order: tuple[str, ...]  # every category code there is, in the order that decides a tie
    categories: frozenset[str]  # those the policy speaks of
    own_categories: Mapping[str, Text]  # codes that only this set knows
    everybody: str | None  # whom somebody without any category of this set counts as
    kinds: Mapping[str, Text]
    reading: str | None
    readings: Mapping[str, Text]
    parameters: Mapping[str, Parameter]
    pools: Mapping[str, Pool]
    rules: tuple[Rule, ...]
    not_covered: tuple[NotCovered, ...]
    procedure: Procedure
    limits: Mapping[str, LimitChange]
    thresholds: Mapping[str, Threshold]

    def rule_for(self, category: str, kind: str, age: int, reading: str | None) -> Rule | None:
        """The one rule that fits, or None: the policy states no rate for this person and kind."""
        return next((rule for rule in self.rules if rule.fits(category, kind, age, reading)), None)

    def pools_of(self, pool: str) -> tuple[Pool, ...]:
        """A pool and those it lies within, from the inside outwards."""
        chain = [self.pools[pool]]
        while chain[-1].within is not None:
            chain.append(self.pools[chain[-1].within])
        return tuple(chain)

    def kinds_within(self, pool: str) -> frozenset[str]:
        """The kinds whose aid counts against a pool: its own and those of the pools inside it."""
        return frozenset(
            kind
            for each in self.pools.values()
            if pool in {outer.id for outer in self.pools_of(each.id)}
            for kind in each.kinds
        )

    def categories_of(self, held: Collection[str]) -> tuple[str, ...]:
        """The categories to compute with, in the order that decides a tie."""
        named = tuple(code for code in self.order if code in held)
        if self.everybody is not None and self.categories.isdisjoint(named):
            return (*named, self.everybody)
        return named

    def in_force(self, day: date) -> bool:
        """Whether the set says that it holds on a day; a set without validity holds on none."""
        return (
            self.valid_from is not None
            and self.valid_from <= day
            and (self.valid_to is None or day <= self.valid_to)
        )

    def covers(self, code: str) -> bool:
        """Whether a place, by its division code, lies in the area of this set."""
        return self.area == ANYWHERE or code.startswith(self.area)

    def applies(self, day: date, place: str, way: str) -> bool:
        """Whether applications of a place (division code) are judged by this set on a day and a way."""
        return self.in_force(day) and self.covers(place) and way in self.procedure.ways

    @property
    def precedence(self) -> tuple[bool, bool, int, date]:
        """Of several sets that apply the greatest is taken: medical security before other departments,
        one in earnest before a demonstration, the closer area before the wider one, then the newest.
        """
        width = 0 if self.area == ANYWHERE else len(self.area)
        medical = self.department == MEDICAL_SECURITY
        return medical, not self.demonstration, width, self.valid_from or date.min
