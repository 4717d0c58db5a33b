"""What a changed rule book changes, in words: figures, steps of diagrams, cells of decision tables."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lxml import etree

from bpmn import Text
from workflow.releasing.checking import manifest_of
from workflow.releasing.merging import changed

MOST_LINES = 200
LONGEST_VALUE = 120
SHAPES = "{http://www.omg.org/spec/BPMN/20100524/DI}"
SPIFF = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
NOTHING = Text("无", "nothing")
ATTRIBUTES: Mapping[str, Text] = {
    "name": Text("名称", "name"),
    "role": Text("岗位", "post"),
    "form": Text("表单", "form"),
    "limit": Text("期限", "limit"),
    "runs_on": Text("继续计时", "limits that run on"),
    "pauses": Text("停表", "limits that stand still"),
    "evidence": Text("材料", "papers"),
    "not_by": Text("须避开办过的环节", "not by whoever did"),
    "state": Text("法定状态", "legal state"),
    "facts": Text("自动查询", "facts"),
    "calledElement": Text("调用流程", "called process"),
    "sourceRef": Text("起点", "from"),
    "targetRef": Text("去向", "to"),
    "text": Text("条件或脚本", "condition or script"),
}
SAID = frozenset({"conditionExpression", "script"})
HOOKS = ("preScript", "postScript")
Kind = Literal["added", "changed", "removed"]


@dataclass(frozen=True, slots=True)
class Line:
    """One difference: where, and the two values; None where there was or is nothing."""

    place: Text
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file and what is different in it. `more`: lines beyond those listed."""

    path: str
    kind: Kind
    lines: tuple[Line, ...]
    more: int = 0


def differences(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[FileChange]:
    """Every changed file in order of its path."""
    found = []
    for path in changed(manifest_of(old), manifest_of(new)):
        kind: Kind = "added" if path not in old else "removed" if path not in new else "changed"
        lines = list(_lines(path, old.get(path, b""), new.get(path, b""))) if kind == "changed" else []
        found.append(FileChange(path, kind, tuple(lines[:MOST_LINES]), max(0, len(lines) - MOST_LINES)))
    return found


def _lines(path: str, old: bytes, new: bytes) -> Iterator[Line]:
    if path.endswith(".toml"):
        read = _table
    elif path.endswith(".bpmn"):
        read = _diagram
    elif path.endswith(".dmn"):
        read = _decisions
    else:
        read = _rows
    before, after = read(old), read(new)
    for key in dict.fromkeys([*before, *after]):
        was, now = before.get(key), after.get(key)
        if was != now:
            place = (now or was or ("", NOTHING))[1]
            yield Line(place, was and was[0], now and now[0])


Values = dict[str, tuple[str, Text]]
"""key → (value, where that is in words)"""


def _short(value: object) -> str:
    text = "是" if value is True else "否" if value is False else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _table(content: bytes) -> Values:
    """Every value of a TOML file under its full name, told with the names of the tables it stands in."""
    found: Values = {}

    def walk(value: Any, key: str, zh: str, en: str) -> None:
        if isinstance(value, dict) and not value.keys() <= {"zh", "en"}:
            name: dict[str, str] = next(
                (value[each] for each in ("name", "title", "label") if isinstance(value.get(each), dict)), {}
            )
            for inner, one in value.items():
                mark = f" {name['zh']}" if "zh" in name else "", f" {name['en']}" if "en" in name else ""
                walk(one, f"{key}.{inner}", f"{zh}{mark[0]} · {inner}", f"{en}{mark[1]} · {inner}")
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            for number, one in enumerate(value, start=1):
                told = str(one.get("id") or number) if isinstance(one, dict) else str(number)
                walk(one, f"{key}.{told}", f"{zh} · {told}", f"{en} · {told}")
        else:
            shown = " / ".join(value.values()) if isinstance(value, dict) else value
            found[key] = (_short(shown), Text(zh.strip(" ·"), en.strip(" ·")))

    walk(tomllib.loads(content.decode()), "", "", "")
    return found


def _diagram(content: bytes) -> Values:
    """Steps and flows by their ids: names, properties, conditions, scripts; not where they are drawn."""
    found: Values = {}
    for element in _xml(content).iter():
        name = element.get("id") if isinstance(element.tag, str) else None
        if name is None or element.tag.startswith(SHAPES):
            continue
        values = {key: element.get(key) for key in ("name", "calledElement", "sourceRef", "targetRef")}
        for one in element.iterfind(f"*/{SPIFF}properties/{SPIFF}property"):
            values[one.get("name", "")] = one.get("value", "")
        said = [child.text for child in element if etree.QName(child).localname in SAID]
        said += [child.text for hook in HOOKS for child in element.iterfind(f"*/{SPIFF}{hook}")]
        values["text"] = " ".join(each.strip() for each in said if each) or None
        title = element.get("name") or name
        for key, value in values.items():
            if value is not None:
                told = ATTRIBUTES.get(key, Text(key, key))
                place = Text(f"{title} · {told.zh}", f"{title} · {told.en}")
                found[f"{name}.{key}"] = (_short(value), place)
    return found


def _decisions(content: bytes) -> Values:
    """The cells of every decision table: row by its id, column by its label."""
    found: Values = {}
    root = _xml(content)
    for table in root.iter("{*}decisionTable"):
        columns = [
            each.get("label") or each.get("name") or each.get("id") or ""
            for each in table
            if etree.QName(each).localname in {"input", "output"}
        ]
        for number, rule in enumerate(table.iterfind("{*}rule"), start=1):
            row = rule.get("id") or str(number)
            cells = [entry for entry in rule if etree.QName(entry).localname in {"inputEntry", "outputEntry"}]
            for column, cell in zip(columns, cells, strict=False):
                text = "".join(cell.itertext()).strip() or "—"
                place = Text(f"第{number}行（{row}）· {column}", f"row {number} ({row}) · {column}")
                found[f"{table.get('id')}.{row}.{column}"] = (_short(text), place)
    return found


def _rows(content: bytes) -> Values:
    """A plain list: each line is its own key."""
    return {
        line: (_short(line), Text("一行", "a line"))
        for line in content.decode("utf-8-sig", "replace").splitlines()
    }


def _xml(content: bytes) -> Any:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
