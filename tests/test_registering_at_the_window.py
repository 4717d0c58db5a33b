"""At the window: look somebody up, register person and bills, and open the case."""

from datetime import date
from random import Random

import pytest
from pages.desks import at_the_desk, photo
from sqlalchemy import insert

from audit import SYSTEM_CHAIN, entries
from workflow.demo.answers import fill
from workflow.demo.stories import COMMON
from workflow.register.identity import invent_id_number
from workflow.store import transaction
from workflow.store.models import Case, Claim, Kin, Paper, Person

pytestmark = pytest.mark.parametrize("county", ["sqlite"], indirect=True)
NUMBER = invent_id_number(Random(5), birth=date(1961, 5, 4), sex="male")
BILL = {
    "hospital": "安福县人民医院", "invoice_number": "3608000000000001", "kind": "inpatient",
    "admitted_on": "2026-01-20", "discharged_on": "2026-02-06", "settled_on": "2026-02-10", "total": "30,000",
    "out_of_catalogue": "1000", "basic": "20000", "serious_illness": "1000", "serious_illness_settled": "yes",
}  # fmt: skip


@pytest.fixture
def clerk(county):
    return at_the_desk(county, "twin1")


def system_log(county):
    with county.house.reader.connect() as conn:
        return [stored.entry for stored in entries(conn, SYSTEM_CHAIN)]


def somebody_new(clerk, county, **changed):
    page = clerk.submits(clerk.opens("/register"), "", id_number=NUMBER)
    assert page.heading == "这个人还没有登记"
    village = county.staff["vlia1"].actor.org
    return clerk.submits(page, "/register/people", **{"name": "曾水生", "village": village, **changed})


def test_the_whole_way_from_the_number_to_the_case(clerk, county):
    page = somebody_new(clerk, county, phone="139 0796 1234", income="31000")
    assert page.heading.startswith("曾水生")
    page = clerk.submits(page, page.path, **BILL)
    assert "单据已登记" in page.words
    page = clerk.opens(f"{page.path}/apply")
    form = county.house.rules().rulebook.forms["application"]
    answers = fill(form, {}, COMMON["application"], Random(1), county.today)
    page = clerk.submits(page, "", **answers, **{"paper.id_card": ("身份证.png", photo())})
    assert page.heading == "曾水生", page.errors()
    case = county.rows(Case)[0]
    assert f"编号{case.number}" in page.words
    assert county.rows(Claim)[0].case_id == case.id.hex
    assert [paper.kind for paper in county.rows(Paper)] == ["id_card"]


def test_no_address_holds_the_number(clerk, county):
    page = somebody_new(clerk, county)
    assert NUMBER not in page.path and NUMBER not in page.text


def test_registering_leaves_an_entry_without_a_name(clerk, county):
    before = len(system_log(county))
    page = somebody_new(clerk, county)
    clerk.submits(page, page.path, **BILL)
    written = system_log(county)[before:]
    assert [entry["type"] for entry in written] == ["person_registered", "bill_registered"]
    assert NUMBER not in str(written) and "曾水生" not in str(written)


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "18位"), ("36082919610504", "18位"), (NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2"), "校验位")],
)
def test_a_wrong_number_is_told_with_what_is_wrong(clerk, typed, words):
    page = clerk.submits(clerk.opens("/register"), "", id_number=typed)
    assert page.status == 422
    assert words in page.words


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "Zeng"}, "name"),
        ({"phone": "12"}, "phone"),
        ({"village": ""}, "village"),
        ({"village": "360829101001"}, "village"),
        ({"income": "-3"}, "income"),
        ({"account_number": "6222021001012345678"}, "account_holder"),
        ({"account_number": "6222021001012345678", "account_holder": "陌生人"}, "account_holder"),
        ({"head": NUMBER, "relation": "child"}, "head"),
    ],
)
def test_what_cannot_be_stored_is_told_beside_its_field(clerk, county, changed, field):
    page = somebody_new(clerk, county, **changed)
    assert page.status == 422
    assert set(page.errors()) == {field}
    assert county.rows(Person) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"total": "21999.99"}, "total"),
        ({"basic": "-1"}, "basic"),
        ({"total": "1.234"}, "total"),
        ({"discharged_on": "2026-01-01"}, "discharged_on"),
        ({"settled_on": "2026-02-05"}, "settled_on"),
        ({"settled_on": "2026-03-03"}, "settled_on"),
        ({"settled_on": "30.2."}, "settled_on"),
        ({"invoice_number": ""}, "invoice_number"),
        ({"kind": None}, "kind"),
        ({"serious_illness_settled": None}, "serious_illness_settled"),
    ],
)
def test_a_bill_that_does_not_add_up_is_not_stored(clerk, county, changed, field):
    person, _ = county.household()
    known = len(county.rows(Claim))
    page = clerk.opens(f"/register/people/{person}")
    page = clerk.submits(page, f"/register/people/{person}/bills", **{**BILL, **changed})
    assert page.status == 422
    assert field in page.errors()
    assert len(county.rows(Claim)) == known


def test_the_same_bill_twice_is_one_bill_and_another_with_its_number_is_refused(clerk, county):
    person, _ = county.household()
    other, _ = county.household()
    known = len(county.rows(Claim))
    page = clerk.opens(f"/register/people/{person}")
    for _ in range(2):
        assert clerk.submits(page, f"{page.path}/bills", **BILL).status == 200
    page = clerk.opens(f"/register/people/{other}")
    page = clerk.submits(page, f"{page.path}/bills", **BILL)
    assert set(page.errors()) == {"invoice_number"}
    assert len(county.rows(Claim)) == known + 1


def test_a_member_joins_the_household_of_the_head(clerk, county):
    head, _ = county.household()
    row = county.rows(Person, Person.id == head)[0]
    page = somebody_new(clerk, county, head=row.id_number, relation="child", village="")
    assert "欧阳福根" in page.words
    assert county.rows(Person, Person.id_number == NUMBER)[0].household_id == row.household_id


def test_people_of_another_township_are_not_shown(clerk, county):
    head, _ = county.household()
    row = county.rows(Person, Person.id == head)[0]
    stranger = at_the_desk(county, "twin2")
    page = stranger.submits(stranger.opens("/register"), "", id_number=row.id_number)
    assert page.status == 403 and row.name not in page.text
    assert stranger.opens(f"/register/people/{head}").status == 403


def test_relatives_on_duty_are_hinted_at(clerk, county):
    head, _ = county.household()
    row = county.rows(Person, Person.id == head)[0]
    with transaction(county.house.engine) as conn:
        conn.execute(
            insert(Kin),
            {"account_id": county.staff["trev1"].actor.account_id, "name": row.name,
             "id_number": row.id_number, "relation": "parent", "filed_at": county.clock.at},
        )  # fmt: skip
    assert "备案为近亲属" in clerk.opens(f"/register/people/{head}").words


def test_an_application_without_a_bill_is_not_taken(clerk, county):
    person, _ = county.household()
    form = county.house.rules().rulebook.forms["application"]
    answers = fill(form, {}, COMMON["application"], Random(1), county.today)
    page = clerk.opens(f"/register/people/{person}/apply")
    page = clerk.submits(page, "", **answers, claims=None)
    assert page.status == 422 and "claims" in page.errors()
    assert county.rows(Case) == []


def test_a_second_click_opens_no_second_case(clerk, county):
    person, claims = county.household()
    form = county.house.rules().rulebook.forms["application"]
    answers = fill(form, {}, COMMON["application"], Random(1), county.today)
    page = clerk.opens(f"/register/people/{person}/apply")
    first = clerk.submits(page, "", **answers, claims=[str(claims[0])])
    second = clerk.submits(page, "", **answers, claims=[str(claims[0])])
    assert first.path == second.path and first.status == 200
    assert len(county.rows(Case)) == 1


def test_only_who_may_file_gets_to_the_window(county):
    for login in ("trev1", "capr", "insp", "adm", "fin1"):
        assert at_the_desk(county, login).opens("/register").status == 403, login
