"""One form definition gives the page: what is asked now, what was typed, what is wrong."""

import json

import pytest
from werkzeug.datastructures import MultiDict

import bpmn
from bpmn import Choice, Field, Form
from bpmn.text import Text
from web import conditions, forms
from workflow.errors import FieldFault

BOOK = bpmn.load()


def words(text):
    return Text(text, text)


def form_of(*fields):
    return Form("test", words("表"), "domain 4", words("提交"), tuple(fields))


def field(name, kind="text", **more):
    return Field(name, kind, words(name), **more)


DECISION = field(
    "decision", "choice", variable=True,
    choices=(Choice("approve", words("准予")), Choice("refuse", words("不予"))),
)  # fmt: skip
REASON = field("reason", "longtext", when="decision == 'refuse'")


def shown(view):
    return [f.id for f in view.fields]


@pytest.mark.parametrize("form", BOOK.forms.values(), ids=list(BOOK.forms))
def test_every_condition_of_every_form_can_be_told_to_the_page(form):
    for asked in form.fields:
        for source in [asked.when, *(choice.when for choice in asked.choices)]:
            if source:
                assert json.loads(json.dumps(conditions.tree(source)))


@pytest.mark.parametrize("form", BOOK.forms.values(), ids=list(BOOK.forms))
def test_every_form_can_be_shown_empty(form):
    view = forms.show(form)
    assert view.fields
    assert not view.faults


def test_a_field_whose_condition_is_open_is_shown_as_only_if_it_applies():
    reason = forms.show(form_of(DECISION, REASON)).fields[1]
    assert reason.maybe
    assert json.loads(reason.condition) == ["==", ["name", "decision"], ["value", "refuse"]]


def test_a_field_that_an_answer_of_this_form_can_bring_back_stays():
    view = forms.show(form_of(DECISION, REASON), {"decision": "approve"})
    assert shown(view) == ["decision", "reason"]


def test_a_field_that_the_case_has_decided_against_is_not_there():
    form = form_of(field("again", when="supplemented == False"), field("other"))
    assert shown(forms.show(form, {}, {"supplemented": True})) == ["other"]
    assert shown(forms.show(form, {}, {"supplemented": False})) == ["again", "other"]


def test_a_choice_that_is_not_offered_is_not_there():
    form = form_of(
        field("acceptance", "choice", choices=(
            Choice("accept", words("受理")),
            Choice("incomplete", words("补正"), "supplemented == False"),
        ))
    )  # fmt: skip
    offered = forms.show(form, {}, {"supplemented": True}).fields[0].choices
    assert [choice.id for choice in offered] == ["accept"]


def test_variables_of_the_case_reach_the_page_only_where_a_condition_needs_them():
    form = form_of(field("a", when="low_income and relative_case == False"), field("b"))
    view = forms.show(form, {}, {"low_income": True, "relative_case": False, "aid_fen": 12345})
    assert json.loads(view.variables) == {"low_income": True, "relative_case": False}


def test_a_condition_on_something_the_case_does_not_say_never_hides_a_field():
    form = form_of(DECISION, field("b", when="decision == 'refuse' and unheard_of"))
    assert forms.show(form).fields[1].condition is None
    assert forms.show(form, {}, {"unheard_of": True}).fields[1].condition is not None


def test_what_was_typed_stays_as_it_was_typed_however_wrong():
    form = form_of(field("money", "money"), field("day", "date"), field("papers", "choices", choices=(
        Choice("a", words("甲")), Choice("b", words("乙")))))  # fmt: skip
    raw = forms.raw_answers(
        form, MultiDict([("money", "一万二"), ("day", "昨天"), ("papers", "b"), ("unknown", "x")])
    )
    view = forms.show(form, raw)
    assert [f.value for f in view.fields] == ["一万二", "昨天", ""]
    assert [choice.checked for choice in view.fields[2].choices] == [False, True]
    assert "unknown" not in raw


def test_faults_stand_in_the_order_of_the_fields_and_beside_them():
    form = form_of(field("first"), field("second"))
    faults = [FieldFault("second", words("乙错")), FieldFault("first", words("甲错"))]
    view = forms.show(form, {}, faults=faults)
    assert [fault.field for fault in view.faults] == ["first", "second"]
    assert view.fields[0].bad and view.fields[0].described_by == "first-error"


def test_a_fault_of_a_field_that_is_not_shown_leads_to_the_top():
    form = form_of(field("a"), field("b", when="flag"))
    view = forms.show(form, {}, {"flag": False}, faults=[FieldFault("b", words("错"))])
    assert [fault.field for fault in view.faults] == ["form-top"]


@pytest.mark.parametrize(
    ("source", "values", "result"),
    [
        ("a == 'x'", {"a": "x"}, True),
        ("a != 'x'", {"a": "x"}, False),
        ("a in ('x', 'y')", {"a": "y"}, True),
        ("'x' not in papers", {"papers": ["y"]}, True),
        ("1 <= n <= 3", {"n": 2}, True),
        ("n * 2 > m - 1 + 1", {"n": 3, "m": 5}, True),
        ("not flag", {"flag": False}, True),
        ("n > -1", {"n": 0}, True),
        ("a == 'x' or b == 'y'", {"a": "x"}, True),
        ("a == 'x' and b == 'y'", {"a": "z"}, False),
    ],
)  # fmt: skip
def test_conditions_are_decided_as_soon_as_they_can_be(source, values, result):
    assert conditions.decide(conditions.tree(source), values) is result


@pytest.mark.parametrize("source", ["a == 'x'", "a == 'x' and b == 'y'", "n < 3", "n == 1 or a == 'x'"])
def test_conditions_stay_open_while_an_answer_is_missing(source):
    with pytest.raises(conditions.Undecided):
        conditions.decide(conditions.tree(source), {"b": "y", "n": None})


@pytest.mark.parametrize(
    "source", ["len(a) > 1", "a.b", "a[0]", "a ===", "1.5 < n", "lambda: 1", "x // 2 == 1"]
)
def test_what_the_page_cannot_work_out_is_not_told(source):
    with pytest.raises(conditions.Untold):
        conditions.tree(source)
    view = forms.show(form_of(field("a", when=source)))
    assert shown(view) == ["a"]
    assert view.fields[0].condition is None


def test_comparing_what_cannot_be_compared_leaves_it_open():
    with pytest.raises(conditions.Undecided):
        conditions.decide(conditions.tree("n < 3"), {"n": "drei"})


def test_a_hint_says_the_figure_of_the_county():
    """How many have to sign a review stands in the policy set."""

    def hint(**variables):
        view = forms.show(BOOK.forms["village_review"], {}, variables)
        return next(f.hint.zh for f in view.fields if f.id == "signatures")

    assert hint(review_signatures=7).startswith("至少7人，")
    assert hint().startswith("至少…人，")
