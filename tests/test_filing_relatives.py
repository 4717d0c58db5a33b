"""近亲属备案: whoever works on cases files the near relatives; the case then goes to other people."""

from random import Random

import pytest
from pages.houses import staffed_house
from pages.visiting import Visitor
from sqlalchemy import select

from web import create_app
from web.limits import limiter
from workflow.register.identity import invent_id_number
from workflow.store.models import Kin

NUMBER = invent_id_number(Random(4))


@pytest.fixture
def house():
    house = staffed_house()
    yield house
    house.close()


@pytest.fixture
def clerk(house):
    visitor = Visitor(create_app(house, testing=True))
    limiter.reset()
    visitor.signs_in("twin1")
    return visitor


def on_file(house):
    with house.reader.connect() as connection:
        return connection.execute(select(Kin.name, Kin.relation)).all()


def test_a_relative_is_filed_and_shown_masked(house, clerk):
    blank = clerk.opens("/relatives")
    page = clerk.submits(blank, "/relatives", name="陈志华", id_number=NUMBER, relation="sibling")
    assert on_file(house) == [("陈志华", "sibling")]
    assert "陈志华" in page.text and NUMBER not in page.text


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(house, clerk):
    blank = clerk.opens("/relatives")
    page = clerk.submits(blank, "/relatives", name="陈志华", id_number="360829190001010000")
    assert page.status == 422 and page.title.startswith("错误")
    assert 'value="陈志华"' in page.text
    assert on_file(house) == []
