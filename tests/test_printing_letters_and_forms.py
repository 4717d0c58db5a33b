"""What the office hands out on paper: letters as pages and PDF, forms filled in and blank."""

import time
from io import BytesIO

import pytest
from pages.houses import demonstration_house
from pages.visiting import Visitor
from pypdf import PdfReader
from sqlalchemy import select

from web import create_app, pdf
from web.limits import limiter
from workflow.store.models import Case, Letter, Person


@pytest.fixture(scope="module")
def house():
    return demonstration_house()


@pytest.fixture(scope="module")
def app(house):
    return create_app(house, testing=True)


@pytest.fixture
def county(app):
    limiter.reset()
    visitor = Visitor(app)
    visitor.signs_in("chnd")
    return visitor


@pytest.fixture(scope="module")
def letters(house):
    """One letter of every kind the demonstration has issued."""
    with house.reader.connect() as connection:
        rows = connection.execute(
            select(Letter.kind, Letter.id, Letter.number, Person.name, Person.id_number)
            .join(Case, Case.id == Letter.case_id)
            .join(Person, Person.id == Case.applicant_id)
        ).all()
    return {row.kind: row for row in rows}


def pdf_text(visitor, address):
    response = visitor.client.get(address)
    assert response.status_code == 200
    assert response.mimetype == "application/pdf"
    reader = PdfReader(BytesIO(response.data))
    return "".join(page.extract_text() for page in reader.pages).replace("\n", ""), reader


def test_every_kind_of_letter_is_a_page_and_a_pdf(county, letters):
    assert {"acceptance_notice", "approval_decision", "refusal_decision"} <= set(letters)
    for row in letters.values():
        page = county.opens(f"/letters/{row.id}")
        assert page.status == 200
        assert row.number in page.words
        text, reader = pdf_text(county, f"/letters/{row.id}.pdf")
        assert row.kind == "objection_answer" or row.name in text  # that one goes to the objector
        assert row.id_number not in text
        assert len(reader.pages) <= 2


def test_a_letter_keeps_rare_characters(app):
    with app.test_request_context():
        made = pdf.pdf_of("<p>𠮷㐂龘 䶮</p>", title="生僻字")
    assert "𠮷㐂龘" in PdfReader(BytesIO(made)).pages[0].extract_text().replace("\n", "")


def test_a_letter_is_ready_within_a_second(county, letters):
    address = f"/letters/{letters['approval_decision'].id}.pdf"
    county.client.get(address)
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        county.client.get(address)
        taken.append(time.perf_counter() - started)
    assert min(taken) <= 1


@pytest.mark.parametrize("address", ["https://example.org/seal.png", "file:///etc/passwd"])
def test_a_letter_asks_nothing_of_network_or_disk(app, address):
    with app.test_request_context(), pytest.raises(pdf.NothingIsFetched):
        pdf.pdf_of(f'<p>文书</p><img src="{address}" alt="">', title="t")


def test_the_approval_says_the_amount_in_figures_and_in_capitals(county, letters):
    words = county.opens(f"/letters/{letters['approval_decision'].id}").words
    assert "本次救助金额" in words
    assert "人民币" in words


def test_a_refusal_names_reason_and_remedies(county, letters):
    words = county.opens(f"/letters/{letters['refusal_decision'].id}").words
    assert "行政复议" in words
    assert "60日" in words
    assert "6个月" in words


def test_a_letter_can_be_read_in_english(county, letters):
    address = f"/letters/{letters['approval_decision'].id}"
    county.submits(county.opens("/account"), "/preferences", language="en", elder="0")
    assert "Decision" in county.opens(address).words
    county.submits(county.opens("/account"), "/preferences", language="zh", elder="0")


def test_whoever_sees_only_amounts_gets_no_letter(app, letters):
    limiter.reset()
    finance = Visitor(app)
    finance.signs_in("fin2")
    assert finance.opens(f"/letters/{letters['approval_decision'].id}").status == 403


def test_a_letter_of_another_township_is_not_shown(app, house):
    limiter.reset()
    with house.reader.connect() as connection:
        rows = connection.execute(
            select(Case.township, Letter.id).join(Case, Case.id == Letter.case_id)
        ).all()
    one_of_each = {row.township: row.id for row in rows}
    visitor = Visitor(app)
    visitor.signs_in("trev1")
    statuses = [visitor.opens(f"/letters/{number}").status for number in one_of_each.values()]
    assert set(statuses) <= {200, 403}
    assert 403 in statuses


def test_a_form_can_be_printed_blank(county):
    page = county.opens("/forms/village_review/blank")
    assert page.status == 200
    assert "________" in page.words
    assert "□" in page.words
    assert county.opens("/forms/nothing/blank").status == 404


def test_a_form_can_be_printed_as_it_was_filled_in(county, house):
    with house.reader.connect() as connection:
        case = connection.execute(select(Case.id, Case.number).where(Case.outcome == "approved")).first()
    page = county.opens(f"/cases/{case.id}/entries/1/form")
    assert page.status == 200
    assert case.number in page.words
    assert "日志第1条" in page.words
    assert county.opens(f"/cases/{case.id}/entries/9999/form").status == 404
