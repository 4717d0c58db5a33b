"""Where the pages' database user may not delete, a confirmed erasure waits for the user who may."""

import json

import pytest
from click.testing import CliRunner
from house_templates import opened
from pages.desks import at_the_desk
from small_county import SmallCounty
from test_erasing_personal_data import WHY, ended, erase, keys_of, propose, report  # noqa: F401 - fixture

from workflow.cli import mingjian
from workflow.erasure_commands import ConfirmErasure, FinishErasure
from workflow.errors import NotAllowed, StepImpossible
from workflow.finishing_erasures import finish_all, queue
from workflow.jobs import run_once
from workflow.replay import replay
from workflow.store.models import Erasure

PREFIX = "desk"


class Users:
    """The same office under its separate database users."""

    def __init__(self, county):
        self.county, self.url = county, county.house.engine.url
        assert self.run("db", "grant", "--prefix", PREFIX).exit_code == 0

    def address(self, role=None):
        url = self.url if role is None else self.url.set(username=f"{PREFIX}_{role}")
        return url.render_as_string(hide_password=False)

    def run(self, *arguments, role=None):
        where = ["--database", self.address(role), "--home", str(self.county.house.home)]
        return CliRunner().invoke(mingjian, [*where, *arguments])


@pytest.fixture
def users(county, ended):  # noqa: F811
    return Users(county)


@pytest.fixture
def desk(users, county, template):
    """The county as the pages work on it: under the user who adds and deletes nothing."""
    house = opened(template, users.address("app"), county.house.home, county.clock)
    yield SmallCounty(house, county.clock)
    house.close()


on_postgresql = pytest.mark.parametrize("county", ["postgresql"], indirect=True)


@on_postgresql
def test_what_was_confirmed_waits_says_who_finishes_it_and_is_finished_by_command(users, desk, county, ended):  # noqa: F811
    number = propose(desk, ended)
    approver = at_the_desk(desk, "capr")
    page = approver.opens(f"/cases/{ended.id}/erasure")
    assert "排队" in page.words and "确认以后立即删除" not in page.words
    page = approver.submits(page, button="confirm")
    assert page.status == 200 and "还没有删除" in page.words and "mingjian_eraser" in page.words
    assert "第1件" in page.words and "mingjian erasures --finish" in page.words
    assert ended.row.number in approver.opens("/erasures").words
    assert (ended.entries[-1]["type"], ended.row.erased_at) == ("erasure_confirmed", None)
    assert keys_of(county, ended)
    with pytest.raises(StepImpossible, match="not finished"):
        propose(desk, ended)

    refused = users.run("erasures", "--finish", role="app")
    assert refused.exit_code == 1 and "may not delete" in refused.output and keys_of(county, ended)
    assert ended.row.number in users.run("erasures", role="app").output
    done = users.run("erasures", "--finish", "--json", role="eraser")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"waiting": 1, "done": [ended.row.number], "left": []}

    assert keys_of(county, ended) == [] and ended.row.erased_at is not None
    entry = ended.entries[-1]
    people = [county.staff[login].actor.account_id for login in ("arch", "capr")]
    assert (entry["type"], entry["vars"]["approved_by"], entry["vars"]["proposal"]) == (
        "erasure",
        people,
        number,
    )
    assert [row.state for row in county.rows(Erasure)] == ["done"]
    assert report(county).ok and "不能恢复" in approver.opens(f"/cases/{ended.id}/erasure").words
    with county.house.reader.connect() as conn:
        assert replay(county.house, conn, ended.id).difference is None and queue(conn) == []
    assert "Nothing waits" in users.run("erasures", "--finish", role="eraser").output


@on_postgresql
def test_a_worker_under_the_user_who_may_finishes_it_too_and_nobody_else(desk, county, ended):  # noqa: F811
    number = propose(desk, ended)
    desk.staff["capr"].does(ConfirmErasure(ended.id, number))
    assert not finish_all(desk.house, county.clock.at).done and keys_of(county, ended)
    with pytest.raises(NotAllowed):
        county.staff["capr"].does(FinishErasure(ended.id, number))
    assert run_once(county.house, county.clock.at, send=False).retention == 1
    assert keys_of(county, ended) == []


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_where_everybody_is_one_user_nothing_waits(county, ended):  # noqa: F811
    erase(county, ended)
    done = CliRunner().invoke(mingjian, ["--home", str(county.house.home), "erasures"])
    assert done.exit_code == 0 and "Nothing waits" in done.output
