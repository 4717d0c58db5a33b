"""Linting decision tables: a broken table of ways is refused with file and cell, in both languages."""

import re

import pytest

import bpmn
from workflow.engine.lint import lint

TABLE = "flows/case_way.dmn"
FIRST = r'(<rule id="way_first">.*?</rule>)'


@pytest.fixture(scope="module")
def book():
    return bpmn.load()


def twice(found):
    return found[1] + found[1].replace('id="', 'id="again_')


def broken(book, old, new):
    """The faults of the table of ways after one change in its text; nothing else is linted."""
    text = book.files[TABLE].decode()
    changed, count = re.subn(old, new, text, count=1, flags=re.DOTALL)
    assert count == 1
    return [(fault.file, fault.element, fault.reason) for fault in lint({TABLE: changed.encode()}, book)]


def test_the_table_that_comes_with_the_program_has_no_fault(book):
    assert lint({TABLE: book.files[TABLE]}, book) == []


@pytest.mark.parametrize(
    ("old", "new", "cell", "zh", "en"),
    [
        (r'(way_first_1"><text>)True', r'\1"ja"', "row 1 way_first / 首次认定因病致贫", "True 或", '"ja"'),
        (FIRST, "", "首次认定因病致贫", "没有一行问到", "no row asks"),
        (FIRST, twice, "again_way_first", "条件相同", "the same"),
        (r'<text>domain 2.2</text>', "<text> </text>", "row 1 way_first / source", "依据", "source"),
        (r'"over_threshold"</text></out', '"too_much"</text></out', "way_amount", "too_much", "none of"),
        (r'<text>relative_case</text></inp', "<text>kin</text></inp", "近亲属备案", "“kin”", "no variable"),
    ],
    ids=["wrong type", "gap", "overlap", "no source", "unknown reason", "unknown fact"],
)  # fmt: skip
def test_a_broken_table_is_refused_with_file_and_cell(book, old, new, cell, zh, en):
    found = broken(book, old, new)
    assert (TABLE, cell) in {(file, element) for file, element, _ in found}, found
    told = next(reason for _, element, reason in found if element == cell)
    assert zh in told.zh and en in told.en
