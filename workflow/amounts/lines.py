"""Claims as JSON lines in, results as JSON lines out. Strict: nothing is guessed, nothing rounded away."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from bpmn.text import Text
from workflow.amounts.best_order import best_order
from workflow.amounts.claim import Bill, Earlier
from workflow.amounts.compute import compute
from workflow.amounts.model import Policy
from workflow.amounts.refusals import ClaimRefused
from workflow.amounts.vocabulary import SYMBOLS

_MONEY = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST = 1_000_000  # bytes of one line

REQUIRED = (*SYMBOLS, "categories", "kind", "admitted", "settled", "birth")
# `id` is only handed back, so that a caller can find its claims again.
OPTIONAL = ("earlier", "income", "reading", "serious_illness_settled", "merge_decision", "persons", "id")


def amount_lines(policies: Sequence[Policy], stream: Iterable[bytes]) -> Iterator[dict[str, object]]:
    """One answer per claim, in the order of the lines; empty lines are passed over.

    One policy set gives the amount under it; several give the best order over them (domain 3.9), and
    each earlier claim then says under `policy` which of them aided it.

    A claim that cannot be computed gives `{"line": n, "error": {"zh": …, "en": …}}`; the others are
    computed all the same. Keys the claim has beyond the known ones are named under `ignored`.
    """
    for number, raw in enumerate(stream, start=1):
        if not raw.strip():
            continue
        identity: dict[str, object] = {}
        try:
            claim = _Reader(_parse(raw, first=number == 1))
            identity = claim.identity()
            answer = claim.answer(policies)
        except ClaimRefused as error:
            message = {"zh": f"第{number}行：{error.message.zh}", "en": f"line {number}: {error.message.en}"}
            answer = {"line": number, "error": message}
        yield identity | answer


def _parse(raw: bytes, *, first: bool) -> Mapping[str, object]:
    if len(raw) > LONGEST:
        raise ClaimRefused(Text("这一行太长", "the line is too long"))
    try:
        data = json.loads(
            raw.decode("utf-8-sig" if first else "utf-8"),
            object_pairs_hook=_once,
            parse_constant=_no_constant,
        )
    except RecursionError as error:
        raise ClaimRefused(Text("嵌套太深", "nested too deeply")) from error
    except ValueError as error:
        raise ClaimRefused(Text(f"不是有效的 JSON：{error}", f"not valid JSON: {error}")) from error
    if not isinstance(data, dict):
        raise ClaimRefused(Text("应为一个 JSON 对象", "must be one JSON object"))
    return data


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ClaimRefused(Text("同一个键出现了两次", "a key appears twice"))
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


class _Reader:
    """One claim as it was written."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self._data = data

    def identity(self) -> dict[str, object]:
        return {"id": self._data["id"]} if isinstance(self._data.get("id"), str | int) else {}

    def answer(self, policies: Sequence[Policy]) -> dict[str, object]:
        """The result as JSON data.

        Raises:
            ClaimRefused: something is missing, of the wrong type, or unknown to the policy.
        """
        missing = [key for key in REQUIRED if key not in self._data]
        if missing:
            names = ", ".join(missing)
            raise ClaimRefused(Text(f"缺少 {names}", f"missing: {names}"))
        unknown = sorted(set(self._data) - {*REQUIRED, *OPTIONAL})
        result = self._one(policies[0]) if len(policies) == 1 else self._several(policies)
        return result | ({"ignored": unknown} if unknown else {})

    def _one(self, policy: Policy) -> dict[str, object]:
        return compute(
            policy,
            self._bill(),
            self._categories(),
            _day("birth", self._data["birth"]),
            [earlier for _, earlier in self._earlier()],
            income=self._income(),
            reading=None if self._absent("reading") else _string("reading", self._data["reading"]),
            serious_illness_settled=self._flag("serious_illness_settled", otherwise=True),
            merged=self._flag("merge_decision", otherwise=False),
            persons=self._persons(),
        ).as_json()

    def _several(self, policies: Sequence[Policy]) -> dict[str, object]:
        for key in ("reading", "merge_decision"):
            if not self._absent(key):
                raise ClaimRefused(
                    Text(f"几个政策集一起算时不能写 {key}", f"{key} has no meaning over several policy sets")
                )
        earlier: dict[str, list[Earlier]] = {policy.id: [] for policy in policies}
        for number, (policy_id, each) in enumerate(self._earlier(), start=1):
            if policy_id not in earlier:
                ids = ", ".join(earlier)
                raise ClaimRefused(
                    Text(
                        f"earlier[{number}].policy 应为 {ids} 之一",
                        f"earlier[{number}].policy must be one of {ids}",
                    )
                )
            earlier[policy_id].append(each)
        return best_order(
            policies,
            self._bill(),
            self._categories(),
            _day("birth", self._data["birth"]),
            earlier,
            income=self._income(),
            serious_illness_settled=self._flag("serious_illness_settled", otherwise=True),
            persons=self._persons(),
        ).as_json()

    def _bill(self) -> Bill:
        return Bill(
            **{symbol: _money(symbol, self._data[symbol]) for symbol in SYMBOLS},
            kind=_string("kind", self._data["kind"]),
            admitted=_day("admitted", self._data["admitted"]),
            settled=_day("settled", self._data["settled"]),
        )

    def _categories(self) -> list[str]:
        return [_string("categories", each) for each in _list("categories", self._data["categories"])]

    def _earlier(self) -> list[tuple[object, Earlier]]:
        """The earlier claims, each with the policy set it names."""
        return [_earlier(number, each) for number, each in enumerate(self._all("earlier"), start=1)]

    def _income(self) -> Decimal | None:
        return None if self._absent("income") else _money("income", self._data["income"])

    def _persons(self) -> int:
        return 1 if self._absent("persons") else _whole("persons", self._data["persons"])

    def _absent(self, key: str) -> bool:
        return self._data.get(key) is None

    def _all(self, key: str) -> list[object]:
        return [] if self._absent(key) else _list(key, self._data[key])

    def _flag(self, key: str, *, otherwise: bool) -> bool:
        value = self._data.get(key, otherwise)
        if not isinstance(value, bool):
            raise ClaimRefused(Text(f"{key} 应为 true 或 false", f"{key} must be true or false"))
        return value


def _earlier(number: int, data: object) -> tuple[object, Earlier]:
    where = f"earlier[{number}]"
    if not isinstance(data, dict):
        raise ClaimRefused(Text(f"{where} 应为对象", f"{where} must be an object"))
    missing = [key for key in ("P", "paid", "kind") if key not in data]
    if missing:
        names = ", ".join(missing)
        raise ClaimRefused(Text(f"{where} 缺少 {names}", f"{where} lacks {names}"))
    return data.get("policy"), Earlier(
        P=_money(f"{where}.P", data["P"]),
        paid=_money(f"{where}.paid", data["paid"]),
        kind=_string(f"{where}.kind", data["kind"]),
    )


def _money(name: str, value: object) -> Decimal:
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        shown = json.dumps(value, ensure_ascii=False)[:60]
        raise ClaimRefused(
            Text(
                f'{name} 应为文字形式的金额，最多两位小数，不得为负，如"80000.00"，现为{shown}',
                f'{name} must be an amount as text, not negative, two decimals at most, like "80000.00"; '
                f"is {shown}",
            )
        )
    return Decimal(value)


def _day(name: str, value: object) -> date:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # 2026-02-30 has the form of a date and is none; the refusal below says so
    shown = json.dumps(value, ensure_ascii=False)[:60]
    raise ClaimRefused(
        Text(
            f'{name} 应为日期，如"2026-03-01"，现为{shown}',
            f'{name} must be a date like "2026-03-01"; is {shown}',
        )
    )


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ClaimRefused(Text(f"{name} 应为整数", f"{name} must be a whole number"))
    return value


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ClaimRefused(Text(f"{name} 应为文字", f"{name} must be a text"))
    return value


def _list(name: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise ClaimRefused(Text(f"{name} 应为列表", f"{name} must be a list"))
    return value
