"""A changed rule book is made ready from what is remembered of the one before, and comes out as if nothing
were remembered.
"""

import sys
from functools import _lru_cache_wrapper, cached_property
from types import CodeType

import pytest

import bpmn
from bpmn import Fault, RulebookError
from workflow import rules
from workflow.amounts import PolicyRefused
from workflow.engine import ModelRefused
from workflow.engine.diagram import diagram_of
from workflow.engine.lint import lint

FILES = bpmn.packaged_files()
POSTING = "flows/sub_posting.bpmn"
CHANGES = {  # of (path, old, new): what kind of file, and what hangs on it
    "a step is called otherwise": (POSTING, b'name="', b'name="\xe6\x96\xb0'),
    "a process is called that nobody has": ("flows/ma_ordinary_county.bpmn", b'="sub_closing"', b'="sub_x"'),
    "a called process is renamed": (POSTING, b'<bpmn:process id="sub_posting"', b'<bpmn:process id="sub_y"'),
    "a step asks another form": (POSTING, b'name="form" value="', b'name="form" value="no_'),
    "a diagram is no XML": (POSTING, b"<bpmn:process", b"<bpmn:process <"),
    "a decision table is cut": ("flows/case_way.dmn", b"</decision>", b""),
    "a form is called otherwise": ("forms/acceptance.toml", b'zh = "', b'zh = "\xe6\x96\xb0'),
    "a form is no TOML": ("forms/acceptance.toml", b"[", b"]"),
    "a limit is longer": ("limits.toml", b"amount = 5", b"amount = 6"),
    "a role is gone": ("roles.toml", b"[TINV]", b"[TINVX]"),
    "a letter asks for more": ("letters/closing.toml", b'zh = "', b'zh = "{nobody}'),
    "a tariff is higher": ("policies/plan-2026/tariff.dmn", b"<text>0.75</text>", b"<text>0.80</text>"),
    "a year has a gap": ("calendar/years.csv", b"2021", b"2031"),
}

LINTED = {  # and whether it is sound
    ("limits.toml", b"amount = 5", b"amount = 6"): True,
    ("forms/acceptance.toml", b"variable = true", b"variable = false"): False,
    (POSTING, b"<bpmn:conditionExpression", b"<bpmn:conditionExpresion"): False,
}


def changed(path: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in FILES[path], f"{path} does not hold {old!r}"
    return {**FILES, path: FILES[path].replace(old, new, 1)}


def forget_everything() -> None:
    """Whatever is remembered of some files; what has no bound (the classes of steps) hangs on no file."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("bpmn", "workflow"):
            for value in vars(module).values():
                if isinstance(value, _lru_cache_wrapper) and value.cache_parameters()["maxsize"]:
                    value.cache_clear()


def made_ready(files: dict[str, bytes]) -> object:
    """The rules, or every fault, as plain data."""
    try:
        return told(rules.prepare(bpmn.from_files(files)), {})
    except (RulebookError, ModelRefused, PolicyRefused) as refused:
        return [str(fault) for fault in refused.faults]


def told(thing: object, seen: dict[int, int]) -> object:
    """Everything that can be reached, in order, without who is who in memory."""
    if thing is None or isinstance(thing, str | int | float | bool | bytes | type):
        return thing
    if isinstance(thing, CodeType):
        return thing.co_code, thing.co_names, [told(one, seen) for one in thing.co_consts]
    if callable(thing) and not hasattr(thing, "__dict__"):
        return repr(getattr(thing, "__name__", thing))
    if id(thing) in seen:
        return "again", seen[id(thing)]
    seen[id(thing)] = len(seen)
    if isinstance(thing, set | frozenset):
        return sorted(map(repr, thing))
    if isinstance(thing, list | tuple):
        return [told(one, seen) for one in thing]
    if hasattr(thing, "items"):
        return [(told(key, seen), told(value, seen)) for key, value in thing.items()]
    return type(thing).__name__, [(name, told(value, seen)) for name, value in sorted(held(thing).items())]


def held(thing: object) -> dict[str, object]:
    """What a thing has, but for what is only worked out when it is asked for."""
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    values = {name: getattr(thing, name) for name in slots if hasattr(thing, name)}
    for name, value in getattr(thing, "__dict__", {}).items():
        late = isinstance(getattr(type(thing), name, None), cached_property)
        if not late and name not in ("_whole", "_expressions", "_scripts"):
            values[name] = value
    return values


@pytest.fixture(scope="module")
def remembered() -> object:
    """The rule book that came with the program has been made ready."""
    return made_ready(dict(FILES))


@pytest.mark.parametrize("path, old, new", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_of_one_file_gives_what_a_preparation_from_nothing_gives(remembered, path, old, new):
    files = changed(path, old, new)
    quick = made_ready(files)
    forget_everything()
    assert quick == made_ready(files)
    assert quick != remembered


def test_what_was_there_before_comes_back(remembered):
    made_ready(changed(*CHANGES["a process is called that nobody has"]))
    assert made_ready(dict(FILES)) == remembered


def test_a_file_that_is_gone_is_missed_though_it_is_remembered(remembered):
    without = {path: content for path, content in FILES.items() if path != POSTING}
    faults = made_ready(without)
    assert isinstance(faults, list)
    assert any("sub_posting" in fault for fault in faults)


def test_a_diagram_is_read_once(remembered):
    before = diagram_of.cache_info().misses
    rules.prepare(bpmn.from_files(changed(*CHANGES["a step is called otherwise"])))
    assert diagram_of.cache_info().misses == before + 1


def test_the_linter_says_what_it_says_from_nothing():
    linted(FILES)
    for change, sound in LINTED.items():
        files = changed(*change)
        quick = linted(files)
        forget_everything()
        assert quick == linted(files)
        assert (quick == []) is sound, change


def linted(files: dict[str, bytes]) -> list[Fault]:
    drawn = {name: content for name, content in files.items() if name.endswith((".bpmn", ".dmn"))}
    return lint(drawn, bpmn.from_files(files))
