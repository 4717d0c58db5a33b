"""What a verification found, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from audit.text import Text


class Status(Enum):
    """How a commitment in an entry relates to the vault. ERASED: by an entry that says so. WITHHELD: there is
    nothing to compare and no such entry, an alarm.
    """

    MATCH = "MATCH"
    MISMATCH = "MISMATCH"
    ERASED = "ERASED"
    WITHHELD = "WITHHELD"


@dataclass(frozen=True, slots=True)
class Opening:
    """A sealed field: its value, None unless it opened, whether the entry commits to it, and the number of
    the entry by which it was erased.
    """

    status: Status
    value: Any
    erased_by: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong in a chain, at or just before entry `seq`. `code` is one of FAULTS."""

    chain: str
    seq: int
    code: str
    what: Text

    @property
    def where(self) -> tuple[str, int]:
        return self.chain, self.seq


FAULTS: Mapping[str, Text] = {
    "chain": Text("链的编号不是UUID", "the chain's id is not a UUID"),
    "leaf": Text("条目内容与其哈希值不符", "the bytes are not those of the hash"),
    "bytes": Text("条目内容不是规范JSON:{detail}", "the bytes are not canonical JSON: {detail}"),
    "shape": Text("条目字段不合规定：{detail}", "the fields are not those of an entry: {detail}"),
    "place": Text("条目属于另一位置：{detail}", "the entry belongs elsewhere: {detail}"),
    "log": Text("条目不属于这本日志：{detail}", "the entry is of another log: {detail}"),
    "unsigned": Text("条目没有系统签名", "the application has not signed the entry"),
    "kid": Text("签名的密钥从未登记：{detail}", "signed by a key that was never added: {detail}"),
    "key": Text("签名的密钥在此处无效：{detail}", "signed by a key that does not count here: {detail}"),
    "signature": Text("签名不符：{detail}", "not what that key signed: {detail}"),
    "gap": Text("缺少条目：应为第{detail}条", "an entry is missing: {detail} should stand here"),
    "sequenced": Text(
        "编入公开日志的不是这一条，或者那一条已经不在",
        "not the entry that was put into the published log, or that one is gone",
    ),
    "prev": Text("条目未接在上一条之后", "the entry does not follow the one before it"),
    "time": Text("条目时间自相矛盾：{detail}", "the entry's times contradict each other: {detail}"),
    "backwards": Text("记录时间早于上一条", "recorded before the entry it follows"),
    "head": Text("最新条目与链头不符（{detail}）", "the newest entry is not the head ({detail})"),
    "MISMATCH": Text("密封内容与承诺值不符：{detail}", "sealed values differ from the commitment: {detail}"),
    "WITHHELD": Text("密封内容缺失且无删除记录：{detail}", "sealed values gone without an erasure: {detail}"),
    "returned": Text("已删除的内容又出现：{detail}", "erased by law, and here again: {detail}"),
    "salt": Text("盐值重复使用", "a salt was used twice"),
}


def fault(chain: str, seq: int, code: str, detail: object = "") -> Fault:
    zh, en = FAULTS[code]
    return Fault(chain, seq, code, Text(zh.format(detail=detail), en.format(detail=detail)))


@dataclass(frozen=True, slots=True)
class Report:
    """Totals, and the first fault of every faulty chain in the order of chains.

    `size` counts the entries' bytes; `unopened` commitments had no key to open them. `unlisted` says that
    more chains are faulty than are listed. `missing_guards` are triggers that should be up.
    """

    chains: int
    entries: int
    size: int
    matched: int
    mismatched: int
    erased: int
    withheld: int
    unopened: int
    faults: tuple[Fault, ...]
    unlisted: bool
    missing_guards: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.faults and not self.missing_guards

    @property
    def first_fault(self) -> Fault | None:
        return self.faults[0] if self.faults else None

    def sentences(self) -> Iterator[Text]:
        """The report, a line at a time."""
        yield Text(
            f"已核对 {self.chains} 条链、{self.entries} 个条目（{self.size} 字节）",
            f"Checked {self.chains} chains, {self.entries} entries ({self.size} bytes)",
        )
        yield Text(
            f"密封内容：相符 {self.matched}，不符 {self.mismatched}，已依法删除 {self.erased}，"
            f"缺失 {self.withheld}，未开封 {self.unopened}",
            f"Sealed values: {self.matched} MATCH, {self.mismatched} MISMATCH, {self.erased} ERASED, "
            f"{self.withheld} WITHHELD, {self.unopened} not opened",
        )
        for found in self.faults:
            zh, en = found.what
            yield Text(
                f"有误：链 {found.chain} 第 {found.seq} 条：{zh}",
                f"Fault: chain {found.chain}, entry {found.seq}: {en}",
            )
        if self.unlisted:
            yield Text("另有其他链有误，未一一列出", "More chains are faulty than are listed here")
        if self.missing_guards:
            names = ", ".join(self.missing_guards)
            yield Text(f"数据库防护缺失：{names}", f"Guards missing in the database: {names}")
        yield Text("核对通过", "The log is sound") if self.ok else Text("核对未通过", "The log is NOT sound")

    def as_json(self) -> dict[str, Any]:
        """The same for a program: plain values, texts in both languages."""
        plain = asdict(self) | {"ok": self.ok, "missing_guards": list(self.missing_guards)}
        plain["faults"] = [
            {"chain": one.chain, "seq": one.seq, "code": one.code, "what": one.what._asdict()}
            for one in self.faults
        ]
        return plain
