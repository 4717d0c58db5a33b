"""Reading a decision table (DMN 1.3) strictly: one decision, one table, hit policy UNIQUE.

Only the shape is read here: rows of named cells. Nothing is fetched, no entity is expanded; an
element, attribute or column this reader does not know is refused rather than skipped, because what
is skipped would silently not count.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from bpmn.faults import Fault
from workflow.amounts.refusals import fault

DMN = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"
DRAWING = "{https://www.omg.org/spec/DMN/20191111/DMNDI/}"  # where boxes stand; no meaning
LARGEST = 1_000_000  # bytes

INPUTS = {"category": "string", "kind": "string", "age": "number", "reading": "string"}
OUTPUTS = {
    "deductible": "number",
    "ratio": "number",
    "bands": "string",
    "pool": "string",
    "base": "string",
    "least": "number",
    "most": "number",
}
OPTIONAL = frozenset({"age", "reading", "bands", "least", "most"})
SOURCE = "source"  # the annotation column every row must fill
CONDITION = "condition"  # the one for what a person still has to check


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: its id, and the text of each cell by column name."""

    id: str
    cells: Mapping[str, str]
    source: str
    condition: str | None


class TableReader:
    """Reads one file; whatever is wrong is added to `faults` and reading goes on where it can."""

    def __init__(self, file: str, faults: list[Fault]) -> None:
        self._file = file
        self._faults = faults

    def read(self, content: bytes) -> tuple[Row, ...]:
        """The rows in their order; empty when the file is no table at all (then there are faults)."""
        root = self._parse(content)
        table = None if root is None else self._table(root)
        if table is None:
            return ()
        columns = {
            "input": self._columns(table, "input", INPUTS),
            "output": self._columns(table, "output", OUTPUTS),
            "annotation": [each.get("name", "") for each in table.iterchildren(f"{DMN}annotation")],
        }
        if SOURCE not in columns["annotation"]:
            self._say("annotation", "缺少依据列 source", "the annotation column “source” is missing")
        return tuple(self._rows(table, columns))

    def _say(self, element: str, zh: str, en: str) -> None:
        self._faults.append(fault(self._file, element, zh, en))

    def _parse(self, content: bytes) -> etree._Element | None:
        if len(content) > LARGEST:
            self._say("-", f"文件超过{LARGEST}字节", f"the file is larger than {LARGEST} bytes")
            return None
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            root = etree.fromstring(content, parser)
        except etree.XMLSyntaxError as error:
            self._say("-", f"不是有效的 XML：{error}", f"not valid XML: {error}")
            return None
        if root.getroottree().docinfo.internalDTD is not None:
            self._say("DOCTYPE", "不得有 DOCTYPE", "a DOCTYPE is not allowed")
            return None
        if root.tag != f"{DMN}definitions":
            self._say(
                _name(root), "应为 DMN 1.3 的 definitions", "must be the element “definitions” of DMN 1.3"
            )
            return None
        return root

    def _table(self, root: etree._Element) -> etree._Element | None:
        decision = self._only(root, "decision", {"description"})
        table = (
            None if decision is None else self._only(decision, "decisionTable", {"description", "variable"})
        )
        if table is None:
            return None
        written = " ".join([table.get("hitPolicy", "UNIQUE"), table.get("aggregation", "")]).strip()
        if written != "UNIQUE":
            self._say(
                "hitPolicy",
                f"命中策略应为 UNIQUE，现为{written}",
                f"the hit policy must be UNIQUE, is {written}",
            )
        self._known_children(table, {"input", "output", "annotation", "rule", "description"})
        return table

    def _only(self, parent: etree._Element, name: str, besides: set[str]) -> etree._Element | None:
        """The one child of that name."""
        self._known_children(parent, {name, *besides})
        found = list(parent.iterchildren(f"{DMN}{name}"))
        if len(found) != 1:
            self._say(
                name, f"应恰有一个 {name}，现有{len(found)}个", f"exactly one {name}, found {len(found)}"
            )
            return None
        return found[0]

    def _known_children(self, parent: etree._Element, names: set[str]) -> None:
        for child in parent.iterchildren():
            if child.tag.startswith(DRAWING) or child.tag in {f"{DMN}{name}" for name in names}:
                continue
            self._say(_name(child), "此处不允许这个元素", "this element is not allowed here")

    def _columns(self, table: etree._Element, part: str, expected: Mapping[str, str]) -> list[str]:
        """The names of the columns of one part, in their order; checks names and types."""
        names = []
        for column in table.iterchildren(f"{DMN}{part}"):
            holder = column.find(f"{DMN}inputExpression") if part == "input" else column
            if holder is None:
                self._say(part, "缺少 inputExpression", "inputExpression is missing")
                names.append("")
                continue
            name = (
                (holder.findtext(f"{DMN}text") or "").strip() if part == "input" else holder.get("name", "")
            )
            names.append(name)
            if name not in expected:
                self._say(name or part, "不认识的列", "unknown column")
            elif holder.get("typeRef") != expected[name]:
                self._say(
                    name, f"列的类型应为 {expected[name]}", f"the type of the column must be {expected[name]}"
                )
        for name in sorted({each for each in names if names.count(each) > 1}):
            self._say(name, "这一列出现了不止一次", "this column appears more than once")
        for name in expected:
            if name not in names and name not in OPTIONAL:
                self._say(name, "缺少这一列", "this column is missing")
        return names

    def _rows(self, table: etree._Element, columns: Mapping[str, list[str]]) -> Iterator[Row]:
        seen: set[str] = set()
        for number, rule in enumerate(table.iterchildren(f"{DMN}rule"), start=1):
            identity = rule.get("id", "")
            where = f"rule {number} {identity}".strip()
            if not identity or identity in seen:
                self._say(where, "每一行要有自己的 id", "every row needs an id of its own")
            seen.add(identity)
            entries = {"description"} | {f"{part}Entry" for part in columns}
            self._known_children(rule, entries)
            cells: dict[str, str] = {}
            remarks: dict[str, str] = {}
            for part, names in columns.items():
                found = list(rule.iterchildren(f"{DMN}{part}Entry"))
                if len(found) != len(names):
                    self._say(
                        where,
                        f"{part} 应有{len(names)}格，现有{len(found)}格",
                        f"{part} must have {len(names)} cells, has {len(found)}",
                    )
                for name, entry in zip(names, found, strict=False):
                    # A remark must never stand in for a cell, even if its column has the same name.
                    remark = part == "annotation"
                    (remarks if remark else cells)[name] = self._cell(entry, f"{where} / {name}")
            source = remarks.get(SOURCE, "")
            if not source and SOURCE in columns["annotation"]:
                self._say(f"{where} / {SOURCE}", "每一行要写明依据", "every row must name its source")
            yield Row(identity, cells, source, remarks.get(CONDITION) or None)

    def _cell(self, entry: etree._Element, where: str) -> str:
        texts = list(entry.iterchildren())
        if len(texts) != 1 or texts[0].tag != f"{DMN}text" or len(texts[0]):
            self._say(where, "格内应恰有一个 text", "a cell holds exactly one “text”")
            return ""
        if entry.get("expressionLanguage") is not None:
            self._say(where, "不得另定表达式语言", "a cell may not choose an expression language")
        return (texts[0].text or "").strip()


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)
