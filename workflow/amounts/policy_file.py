"""The shape of policy.toml: every key with its type; unknown, missing or wrong ones become faults."""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    ValidationError,
)

from bpmn.faults import Fault
from bpmn.text import Text
from workflow.amounts.refusals import fault
from workflow.amounts.vocabulary import ANYWHERE


def _number(value: object) -> object:
    # TOML numbers arrive as int or, exact, as Decimal; a text that looks like a number is refused.
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


File = TypeVar("File", bound=BaseModel)
Word = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=32)]
Snake = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=24)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,9}$")]
Year = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
Money = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, max_digits=12, decimal_places=2)]
Share = Annotated[Decimal, BeforeValidator(_number), Field(gt=0, le=1)]
Number = Annotated[Decimal, BeforeValidator(_number), Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Words(_Part):
    zh: Word
    en: Word

    def text(self) -> Text:
        return Text(self.zh, self.en)


class ParameterPart(_Part):
    title: Words
    source: Word
    by_year: Annotated[dict[Year, Money], Field(min_length=1)]


class AgesPart(_Part):
    """A group of ages under a name, so that a county switches it in one place [C-09]."""

    title: Words
    years: Word
    source: Word


class PoolLimitPart(_Part):
    """`amount`; or, where the policy is silent, `assumed` to compute a trial with."""

    categories: Annotated[list[Word], Field(min_length=1)]
    age: Word = "-"
    amount: Money | None = None
    assumed: Money | None = None


class PoolPart(_Part):
    """One of `limit` (for everybody), `limits` (by category and age), `unlimited`; none = not configured."""

    title: Words
    kinds: list[Snake] = []
    within: Snake | None = None
    merges: bool = False
    limit: Money | None = None
    limits: Annotated[list[PoolLimitPart] | None, Field(min_length=1)] = None
    unlimited: bool = False
    times: Annotated[int | None, Field(ge=1)] = None


class BandPart(_Part):
    """`ratio`, or `unstated = true` where the text of the policy states no rate."""

    low: Annotated[Money, Field(alias="from")]
    high: Annotated[Money | None, Field(alias="to")] = None
    ratio: Share | None = None
    unstated: bool = False


class BandsPart(_Part):
    on: Literal["excess", "whole"]
    rows: Annotated[list[BandPart], Field(min_length=1)]


class NotCoveredPart(_Part):
    categories: Annotated[list[Word], Field(min_length=1)]
    kinds: Annotated[list[Snake], Field(min_length=1)]
    reason: Words


class LimitPart(_Part):
    """What a county does otherwise than limits.toml; amount, unit, `on` without `warn` mean 60 and 80 %."""

    amount: Annotated[int | None, Field(ge=1)] = None
    unit: Literal["wd", "d", "h"] | None = None
    on: Word | None = None
    warn: list[Word] | None = None
    source: Word


class ProcedurePart(_Part):
    ways: Annotated[list[Snake], Field(min_length=1)]
    posting_review: bool
    posting_audit: Literal[True]  # fixed by the national rule (domain 2.1)
    posting_decision: bool
    review_signatures: Annotated[int, Field(ge=1)]
    review_majority: Share
    economy_check: list[Word]


class ThresholdPart(_Part):
    value: Number
    source: Word


class SharedThreshold(_Part):
    """A row of bpmn/thresholds.toml."""

    title: Words
    value: Number | None = None
    source: Word


class DepartmentPart(_Part):
    """Whose aid the set describes, where it is not that of medical security (domain 3.9)."""

    id: Snake
    title: Words


class PolicyPart(_Part):
    id: Slug
    version: Word
    title: Words
    area: Annotated[str, StringConstraints(pattern=rf"^({ANYWHERE}|([0-9]{{2}}){{1,3}})$")]
    valid_from: date | None = None
    valid_to: date | None = None
    source: Word
    demonstration: bool = False
    department: DepartmentPart | None = None
    categories: Annotated[list[Word], Field(min_length=1)]
    own_categories: dict[Code, Words] = {}
    everybody: Word | None = None
    ages: dict[Snake, AgesPart] = {}
    kinds: Annotated[dict[Snake, Words], Field(min_length=1)]
    reading: Word | None = None
    readings: dict[Word, Words] = {}
    parameters: dict[Snake, ParameterPart] = {}
    pools: Annotated[dict[Snake, PoolPart], Field(min_length=1)]
    bands: dict[Snake, BandsPart] = {}
    not_covered: list[NotCoveredPart] = []
    procedure: ProcedurePart
    limits: dict[Word, LimitPart] = {}
    thresholds: dict[Snake, ThresholdPart] = {}


# pydantic's words are English; the faults a person can make most often are said in Chinese too.
_IN_CHINESE = {
    "missing": "缺少这一项",
    "extra_forbidden": "不认识这一项",
    "string_type": "应为文字",
    "string_too_short": "不能为空",
    "bool_type": "应为 true 或 false",
    "int_type": "应为整数",
    "is_instance_of": "应为数字",
    "decimal_type": "应为数字",
    "date_type": "应为日期",
    "list_type": "应为列表",
    "dict_type": "应为表",
    "model_type": "应为表",
    "greater_than_equal": "数值太小",
    "greater_than": "数值太小",
    "less_than_equal": "数值太大",
    "decimal_max_places": "小数位太多",
    "decimal_max_digits": "数值太大",
    "decimal_whole_digits": "数值太大",
    "finite_number": "应为有限的数",
    "literal_error": "不是允许的值",
    "string_pattern_mismatch": "写法不对",
    "too_short": "不能为空",
    "string_too_long": "太长",
}


class _Thresholds(RootModel[dict[Snake, SharedThreshold]]):
    pass


def read_policy_file(file: str, content: bytes, faults: list[Fault]) -> PolicyPart | None:
    """Read policy.toml; None when anything in it is wrong (each thing is then one of the faults)."""
    return _read(PolicyPart, file, content, faults)


def read_thresholds(file: str, content: bytes, faults: list[Fault]) -> Mapping[str, SharedThreshold]:
    """Read bpmn/thresholds.toml; empty when anything in it is wrong."""
    found = _read(_Thresholds, file, content, faults)
    return {} if found is None else found.root


def _read(model: type[File], file: str, content: bytes, faults: list[Fault]) -> File | None:
    try:
        data: dict[str, Any] = tomllib.loads(content.decode("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(fault(file, "-", f"不是有效的 TOML 文件：{error}", f"not valid TOML: {error}"))
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False):
            where = ".".join(str(step) for step in each["loc"])
            zh = _IN_CHINESE.get(each["type"], "内容不对")
            faults.append(fault(file, where, f"{zh}：{_shown(each)}", f"{each['msg']}: {_shown(each)}"))
        return None


def _shown(error: Any) -> str:
    # For a missing key pydantic shows the whole table around it, which helps nobody.
    return str(error["loc"][-1]) if error["type"] == "missing" else repr(error["input"])[:80]
