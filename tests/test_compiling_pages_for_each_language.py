"""Literal texts in both languages are chosen when a template is compiled, the others when it is shown."""

import pytest
from flask import render_template
from jinja2 import DictLoader

from web import create_app
from web.language import IN_ONE_LANGUAGE

PAGE = (
    "{% import 'part.html' as part with context %}"
    "{{ t('甲', 'A & B') }}|{{ t('共' ~ n ~ '件', n ~ ' cases') }}|{{ t(text) }}|{{ x.t('丙', 'C') }}|"
    "{{ [t('丁', 'D'), t( '戊','E' )]|join(t('，', ', ')) }}|{{ part.told(t('己', 'F')) }}"
)
PART = "{% macro told(word) %}{{ word }}{% if t('庚', 'G') == '庚' %}！{% endif %}{% endmacro %}"
LOOKED_UP = "{% for name in names %}{{ t('甲', 'A') }}{% endfor %}"


class Other:
    """Has a method of the same name that is nobody's translation."""

    def t(self, *words):
        return "+".join(words)


@pytest.fixture
def app(county):
    app = create_app(county.house, clock=county.clock, testing=True)
    app.jinja_env.loader = DictLoader({"page.html": PAGE, "part.html": PART, "loop.html": LOOKED_UP})
    return app


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_each_reader_gets_the_own_language_from_one_program(app, county):
    text = county.house.rules().rulebook.roles["TREV"].name
    expected = {
        "zh": f"甲|共2件|{text.zh}|丙+C|丁，戊|己！",
        "en": f"A &amp; B|2 cases|{text.en}|丙+C|D, E|F",
        "": f"甲|共2件|{text.zh}|丙+C|丁，戊|己！",
    }
    for language, words in expected.items():
        with app.test_request_context(headers={"Cookie": f"mj_language={language}"}):
            assert render_template("page.html", n=2, text=text, x=Other()) == words, language


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_a_text_in_a_loop_is_not_looked_up_again(app, monkeypatch):
    def looked_up(*words):
        raise AssertionError(f"{words} are looked up while the page is shown")

    monkeypatch.setitem(IN_ONE_LANGUAGE, "zh", looked_up)
    with app.test_request_context():
        assert render_template("loop.html", names=range(3)) == "甲甲甲"
