"""The permission matrix of domain 6.1 as it stands in bpmn/permissions.toml, read and checked once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import bpmn
from bpmn.faults import Fault, RulebookError
from bpmn.reader import Section, read_toml
from bpmn.text import Text

FILE: Final = "permissions.toml"
READ: Final = frozenset({"R", "r"})
COUNTY: Final = "county"


@dataclass(frozen=True, slots=True)
class Grant:
    """One cell of the matrix as far as it serves one action.

    `words`: the letters of the matrix, of which `r` alone means masked. `conditions` must be shown
    to hold; `shapes` say how much a reader gets to see (agenda, amounts, account, …). `county`: it
    reaches the whole county although the office covers no area, as a hospital's does.
    """

    role: str
    action: str
    words: frozenset[str]
    conditions: frozenset[str]
    shapes: frozenset[str]
    county: bool = False

    @property
    def masked(self) -> bool:
        """Whether the holder may read, but only what is masked."""
        return "r" in self.words and "R" not in self.words


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person may ask for. `case`: it concerns a case, so area and recusal count."""

    id: str
    name: Text
    case: bool
    writes: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in words: what it says, why, and what to do now. May hold `{placeholders}`."""

    id: str
    rule: Text
    why: Text
    next: Text

    def told(self, values: Mapping[str, Text]) -> Text:
        """The whole refusal in both languages."""
        parts = (self.rule, self.why, self.next)
        return Text(
            "{}。原因：{}。下一步：{}。".format(
                *(part.zh.format_map({k: v.zh for k, v in values.items()}) for part in parts)
            ),
            "{}. Why: {}. Next: {}.".format(
                *(part.en.format_map({k: v.en for k, v in values.items()}) for part in parts)
            ),
        )


@dataclass(frozen=True, slots=True)
class Matrix:
    """All that is allowed; whatever is not in `grants` is forbidden."""

    grants: Mapping[tuple[str, str], Grant]
    actions: Mapping[str, Action]
    rules: Mapping[str, Rule]
    conditions: Mapping[str, Text]
    separation: Mapping[str, str]
    never_write: frozenset[str]
    incompatible: tuple[tuple[str, frozenset[str], frozenset[str]], ...]
    relations: Mapping[str, Text]
    roles: Mapping[str, Text]
    holders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)
    """Flow → the action that is asked instead of `view_case` for its files."""

    def role_name(self, code: str) -> Text:
        return self.roles.get(code, Text(code, code))


NEEDED_RULES: Final = ("SD-1", "SD-4", "SD-8", "role", "area", "seat", "kin", "condition")


def read_matrix(content: bytes, roles: Mapping[str, Text]) -> Matrix:
    """Read the matrix; `roles` are the known role codes with their names.

    Raises:
        RulebookError: with every fault found: element and reason.
    """
    faults: list[Fault] = []
    top = read_toml(faults, FILE, content)
    if top is None:
        raise RulebookError(faults)
    shapes, writing = frozenset(top.strings("shapes")), frozenset(top.strings("writes"))
    conditions = {section.element.split(".")[-1]: section.here() for section in _tables(top, "conditions")}
    names, cells = _rows(top, roles, READ | writing | shapes | conditions.keys() | {COUNTY})
    reading = top.under("reading")
    not_writing = frozenset(reading.strings("actions")) if reading else frozenset()
    actions: dict[str, Action] = {}
    grants: dict[tuple[str, str], Grant] = {}
    for section in _tables(top, "actions"):
        action_id = section.element.split(".")[-1]
        row = section.string("row")
        needs, without = frozenset(section.strings("needs")), frozenset(section.strings("without"))
        if row not in names:
            section.fault(f"没有“{row}”这一行", f"there is no row {row!r}", "row")
            continue
        writes = bool(needs & writing) and not needs & READ and action_id not in not_writing
        actions[action_id] = Action(action_id, names[row], section.flag("case", True), writes)
        for role, words in cells[row].items():
            if words & needs and not words & without:
                grants[role, action_id] = Grant(
                    role,
                    action_id,
                    words & needs,
                    words & conditions.keys(),
                    words & shapes,
                    COUNTY in words,
                )
        section.close()
    rules = {section.element.split(".")[-1]: _rule(section) for section in _tables(top, "rules")}
    separation = _separation(top, rules)
    matrix = Matrix(
        grants=MappingProxyType(grants),
        actions=MappingProxyType(actions),
        rules=MappingProxyType(rules),
        conditions=MappingProxyType(conditions),
        separation=MappingProxyType(separation),
        never_write=_roles(top, "never_write", roles),
        incompatible=tuple(_pair(section, rules, roles) for section in top.sections("incompatible")),
        relations=MappingProxyType(
            {section.element.split(".")[-1]: section.here() for section in _tables(top, "relations")}
        ),
        roles=roles,
        holders=_holders(grants),
        views=_views(top, actions),
    )
    for rule in NEEDED_RULES:
        if rule not in rules:
            top.fault("缺少这条规则的文字", "the wording of this rule is missing", f"rules.{rule}")
    top.close()
    if faults:
        raise RulebookError(faults)
    return matrix


def _views(top: Section, actions: Mapping[str, Action]) -> Mapping[str, str]:
    views = top.by_name("views", Section.string)
    for flow, action in views.items():
        if action not in actions:
            top.fault(f"没有“{action}”这个权限", f"there is no action {action!r}", f"views.{flow}")
    return views


def _tables(top: Section, key: str) -> list[Section]:
    part = top.under(key)
    found = (part.under(name) for name in part.keys()) if part else ()  # noqa: SIM118  not a mapping
    return [section for section in found if section is not None]


def _rows(
    top: Section, roles: Mapping[str, Text], known: frozenset[str]
) -> tuple[dict[str, Text], dict[str, dict[str, frozenset[str]]]]:
    names: dict[str, Text] = {}
    cells: dict[str, dict[str, frozenset[str]]] = {}
    for section in _tables(top, "rows"):
        row = section.element.split(".")[-1]
        names[row], cells[row] = section.text("name"), {}
        table = section.under("cells")
        for role in table.keys() if table else ():
            words = frozenset(table.string(role).split()) if table else frozenset()
            if role not in roles:
                section.fault(f"没有“{role}”这个角色", f"there is no role {role!r}", f"cells.{role}")
            elif words - known:
                odd = " ".join(sorted(words - known))
                section.fault(f"不认识“{odd}”", f"{odd!r} is unknown", f"cells.{role}")
            else:
                cells[row][role] = words
        section.close()
    return names, cells


def _rule(section: Section) -> Rule:
    rule = Rule(
        section.element.split(".")[-1], section.text("rule"), section.text("why"), section.text("next")
    )
    section.close()
    return rule


def _separation(top: Section, rules: Mapping[str, Rule]) -> dict[str, str]:
    part = top.under("separation")
    found = {node: part.string(node) for node in part.keys()} if part else {}  # noqa: SIM118
    for node, rule in found.items():
        if rule not in rules:
            top.fault(f"没有“{rule}”这条规则", f"there is no rule {rule!r}", f"separation.{node}")
    return found


def _roles(section: Section, key: str, roles: Mapping[str, Text]) -> frozenset[str]:
    codes = frozenset(section.strings(key))
    for code in sorted(codes - roles.keys()):
        section.fault(f"没有“{code}”这个角色", f"there is no role {code!r}", key)
    return codes


def _pair(
    section: Section, rules: Mapping[str, Rule], roles: Mapping[str, Text]
) -> tuple[str, frozenset[str], frozenset[str]]:
    rule = section.string("rule")
    if rule not in rules:
        section.fault(f"没有“{rule}”这条规则", f"there is no rule {rule!r}", "rule")
    pair = (rule, _roles(section, "one", roles), _roles(section, "other", roles))
    section.close()
    return pair


def _holders(grants: Mapping[tuple[str, str], Grant]) -> Mapping[str, tuple[str, ...]]:
    holders: dict[str, tuple[str, ...]] = {}
    for role, action in grants:
        holders[action] = (*holders.get(action, ()), role)
    return MappingProxyType(holders)


def packaged() -> Matrix:
    """The matrix that came with the program.

    Raises:
        RulebookError: with every fault found.
    """
    folder = Path(bpmn.__file__).parent
    return read_matrix((folder / FILE).read_bytes(), role_names((folder / "roles.toml").read_bytes()))


def packaged_offices() -> Mapping[str, Text]:
    """Kind of county office → name, out of the offices.toml that came with the program."""
    return MappingProxyType(
        {kind: Text(row["name"]["zh"], row["name"]["en"]) for kind, row in _offices().items()}
    )


def offices_of_the_county() -> frozenset[str]:
    """The kinds of offices whose area is the whole county; a hospital's is none."""
    return frozenset(kind for kind, row in _offices().items() if row.get("area", "county") == "county")


def _offices() -> dict[str, Any]:
    content = (Path(bpmn.__file__).parent / "offices.toml").read_bytes()
    return tomllib.loads(content.decode("utf-8"))


def role_names(content: bytes) -> Mapping[str, Text]:
    """Role code → name, out of roles.toml; the rest of that file is the rule book's to check."""
    rows: dict[str, Any] = tomllib.loads(content.decode("utf-8"))
    return MappingProxyType(
        {code: Text(str(row["name"]["zh"]), str(row["name"]["en"])) for code, row in rows.items()}
    )
