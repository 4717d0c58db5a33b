"""A form while one fills it in: fields come and go, words are saved, nothing is lost without a connection."""

import pytest
from browser.checking import Checker, serving
from flask import render_template_string, request
from pages.houses import staffed_house

from web import access, create_app, forms

pytestmark = pytest.mark.browser
PAGE = """{% extends "base.html" %}{% import "parts/form.html" as fields with context %}
{% block title %}t{% endblock %}{% block main %}<h1>t</h1>
<form method="post" data-answers="{{ form.variables }}" data-draft="/try/draft">
{{ page.once() }}{{ fields.fields(form) }}<p data-draft-note></p><button>ok</button></form>{% endblock %}"""


@pytest.fixture(scope="module")
def tried():
    """A page with a form of the rule book, and what it has sent to be kept."""
    house = staffed_house()
    app = create_app(house, testing=True)
    saved = []

    @access.public
    def show(form_id):
        variables = {"aid_fen": 0, "warnings": [], "supplemented": False, "aid_merged_fen": 0}
        view = forms.show(house.rules().rulebook.forms[form_id], {}, variables)
        return render_template_string(PAGE, form=view, faults=[])

    @access.public
    def draft():
        saved.append(request.form.to_dict())
        return "", 204

    app.add_url_rule("/try/<form_id>", "try", show)
    app.add_url_rule("/try/draft", "draft", draft, methods=["POST"])
    with serving(app) as address:
        yield address, saved
    house.close()


@pytest.fixture
def view(browser, tried):
    context = browser.new_context()
    yield Checker(context, tried[0])
    context.close()


def test_fields_come_and_go_with_the_answers(view):
    page = view.page
    page.goto(f"{view.base}/try/acceptance")
    competent = page.locator("[data-field=missing]")
    assert not competent.is_visible()
    page.check("input[name=acceptance][value=incomplete]")
    assert competent.is_visible()
    page.check("input[name=acceptance][value=accept]")
    assert not competent.is_visible()
    assert page.locator("[data-field=missing] input").first.is_disabled()


def test_a_choice_the_figures_forbid_is_not_offered(view):
    view.page.goto(f"{view.base}/try/county_decision")
    assert view.page.locator("input[name=decision][value=approve]").count() == 0
    assert view.page.locator("input[name=decision][value=refuse]").is_visible()


def test_numbers_move_what_depends_on_them(view):
    page = view.page
    page.goto(f"{view.base}/try/village_review")
    who = page.locator("[data-when*='voters_withdrawn']").first
    assert not who.is_visible()
    page.fill("#voters_withdrawn", "1")
    assert who.is_visible()
    page.fill("#voters_withdrawn", "0")
    assert not who.is_visible()


def test_without_scripts_every_field_that_might_apply_is_there(browser, tried):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{tried[0]}/try/acceptance")
    assert page.locator("[data-field=missing]").is_visible()
    assert "适用时填" in page.locator("[data-field=missing]").text_content()
    context.close()


def test_what_one_types_is_saved_while_one_types(view, tried):
    page = view.page
    page.goto(f"{view.base}/try/village_review")
    page.fill("#voters_present", "17")
    page.locator("[data-draft-note]", has_text="已自动保存").wait_for()
    assert tried[1][-1]["voters_present"] == "17"
    assert "_once" not in tried[1][-1]


def test_without_a_connection_it_is_kept_in_the_browser_and_comes_back(view, tried):
    page = view.page
    page.goto(f"{view.base}/try/village_review")
    page.route("**/try/draft", lambda route: route.abort("internetdisconnected"))
    page.fill("#voters_called", "21")
    page.locator("[data-draft-note]", has_text="已存在本机").wait_for()
    kept = page.evaluate("Object.values(localStorage).join()")
    assert "voters_called=21" in kept
    assert "csrf" not in kept
    page.goto(f"{view.base}/try/village_review")
    assert page.input_value("#voters_called") == "21"
