"""The addresses in pages are Flask's own, however they are made."""

from uuid import UUID

import pytest
from flask import url_for
from werkzeug.routing import BuildError

from web import create_app
from web.addresses import addresses

CASE = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
FILLED = {"uuid": CASE, "int": 70_041, "default": "甲 b/ü?&", "path": "static/a b"}
ASKED = [
    {},
    {"s": None},
    {"s": "overdue", "page": 3},
    {"q": "张三 & co+1/2?", "s": None, "back": "/work?s=soon&page=2"},
    {"s": ["a", "b"]},
    {"_anchor": "main"},
]


@pytest.fixture
def app(county):
    return create_app(county.house, clock=county.clock, testing=True)


def _filled(rule):
    """A value for each part of a route, of the kind its views are given."""
    values = {}
    for name, converter in rule._converters.items():
        kind = converter.__class__.__name__.replace("Converter", "").lower()
        kind = {"integer": "int", "unicode": "default"}.get(kind, kind)
        values[name] = next(iter(converter.items)) if kind == "any" else FILLED[kind]
    return values


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_every_address_is_the_one_flask_would_write(app):
    written = addresses(app)
    with app.test_request_context("/work"):
        for rule in app.url_map.iter_rules():
            for asked in ASKED:
                values = _filled(rule) | asked
                assert written(rule.endpoint, **values) == url_for(rule.endpoint, **values)


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_below_a_folder_and_from_the_same_part_addresses_are_flasks_too(app):
    written = addresses(app)
    with app.test_request_context("/work", environ_overrides={"SCRIPT_NAME": "/aid"}):
        assert written("case.show", case_id=CASE) == f"/aid/cases/{CASE}"
        assert written(".index", page=2) == "/aid/work?page=2"


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_a_part_that_is_missing_is_told(app):
    with app.test_request_context("/work"), pytest.raises(BuildError):
        addresses(app)("work.task", case_id=CASE)
