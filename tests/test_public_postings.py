"""What hangs in public: masked, for its days and not a moment longer, open to everybody's objection."""

from datetime import timedelta

import pytest
from pages.houses import NOW, demonstration_copy
from pages.visiting import Visitor
from sqlalchemy import select

from web import create_app
from web.limits import limiter
from workflow.register.masking import leaks_in
from workflow.store.models import Case, Objection, Person, Posting


class Clock:
    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at


@pytest.fixture(scope="module")
def house():
    house = demonstration_copy()
    yield house
    house.close()


@pytest.fixture(scope="module")
def app_and_clock(house):
    clock = Clock()
    return create_app(house, clock=clock, testing=True), clock


@pytest.fixture
def clock(app_and_clock):
    app_and_clock[1].at = NOW
    limiter.reset()
    return app_and_clock[1]


@pytest.fixture
def app(app_and_clock, clock):
    return app_and_clock[0]


@pytest.fixture
def anybody(app):
    return Visitor(app)


@pytest.fixture
def hanging(clock, house):
    """A posting that hangs now."""
    with house.reader.connect() as connection:
        row = connection.execute(
            select(Posting.__table__).where(Posting.taken_down_at.is_(None), Posting.ends_at > NOW)
        ).first()
    assert row is not None, "nothing hangs on this day of the demonstration"
    return row


def full_name(house, posting):
    with house.reader.connect() as connection:
        return connection.scalar(
            select(Person.name).join(Case, Case.applicant_id == Person.id).where(Case.id == posting.case_id)
        )


def test_the_public_page_masks_the_name_and_tells_no_number(anybody, hanging, house):
    page = anybody.opens(f"/postings/{hanging.id}")
    assert page.status == 200
    assert hanging.masked["name"] in page.words
    assert hanging.board["name"] not in page.text or hanging.board["name"] == hanging.masked["name"]
    assert full_name(house, hanging) not in page.text
    main = " ".join(page.tree.xpath("string(//main)").split()).replace("0796-7600102", "")
    assert not [leak for leak in leaks_in(main) if leak.kind in {"id_18", "id_15", "account", "phone"}]


def test_the_list_leads_to_every_posting(anybody, hanging):
    page = anybody.opens("/postings")
    assert page.status == 200
    assert any(link.startswith("/postings/") for link in page.links())


def test_a_posting_comes_down_by_itself(anybody, hanging, clock):
    assert anybody.opens(f"/postings/{hanging.id}").status == 200
    clock.at = hanging.ends_at - timedelta(seconds=1)
    assert anybody.opens(f"/postings/{hanging.id}").status == 200
    clock.at = hanging.ends_at
    page = anybody.opens(f"/postings/{hanging.id}")
    assert page.status == 404
    assert "到期撤下" in page.words
    assert anybody.opens(f"/postings/{hanging.id}/objection").status == 404


def test_what_was_taken_down_is_not_shown_again(anybody, house, clock):
    with house.reader.connect() as connection:
        gone = connection.execute(
            select(Posting.id, Posting.posted_at).where(Posting.taken_down_at.is_not(None))
        )
        row = gone.first()
    assert row is not None
    clock.at = row.posted_at + timedelta(hours=1)
    assert anybody.opens(f"/postings/{row.id}").status == 404


def test_the_board_with_full_names_needs_a_seat_of_the_area(app, hanging, house):
    stranger = Visitor(app)
    assert stranger.opens(f"/postings/{hanging.id}/poster", follow=False).status == 303
    wrong = Visitor(app)
    wrong.signs_in("fin2")
    assert wrong.opens(f"/postings/{hanging.id}/poster").status == 403
    handler = Visitor(app)
    handler.signs_in("chnd")
    page = handler.opens(f"/postings/{hanging.id}/poster")
    assert page.status == 200
    assert hanging.board["name"] in page.words
    assert page.tree.xpath("//*[local-name()='svg']")


def test_an_objection_needs_neither_account_nor_name(app, hanging, house):
    anybody = Visitor(app)
    page = anybody.opens(f"/postings/{hanging.id}/objection")
    refused = anybody.submits(page, text="不对")
    assert refused.status == 422
    assert refused.title.startswith("错误：")
    assert "至少" in refused.errors()["text"]
    assert refused.form().fields["text"] == "不对"


def test_a_name_without_a_telephone_is_asked_for(app, hanging):
    anybody = Visitor(app)
    page = anybody.opens(f"/postings/{hanging.id}/objection")
    refused = anybody.submits(page, text="他家去年买了新车，收入与申报的不一样。", name="王小明")
    assert refused.status == 422
    assert "contact" in refused.errors()


def test_an_objection_is_received_once_however_often_one_clicks(app, hanging, house):
    anybody = Visitor(app)
    page = anybody.opens(f"/postings/{hanging.id}/objection")
    words = {"text": "他家去年买了新车，收入与申报的不一样，请核查。"}
    thanks = anybody.submits(page, **words)
    assert "异议已收到" in thanks.words
    again = anybody.submits(page, **words)
    assert "异议已收到" in again.words
    with house.reader.connect() as connection:
        rows = connection.execute(select(Objection).where(Objection.posting_id == hanging.id)).all()
    assert len(rows) == 1
    assert rows[0].named is False


def test_objections_from_one_place_are_limited(app, hanging):
    answers = []
    for _ in range(8):
        anybody = Visitor(app)
        page = anybody.opens(f"/postings/{hanging.id}/objection")
        if page.status != 200:
            break
        answers.append(anybody.submits(page, text="请核查这一家的收入情况，与公示不一致。").status)
    assert answers.count(200) <= 6


def test_every_posting_that_a_diagram_puts_up_has_a_name_on_the_page():
    from web.posting import KINDS
    from workflow.cases.letters import POSTINGS

    assert KINDS.keys() == POSTINGS.keys()
