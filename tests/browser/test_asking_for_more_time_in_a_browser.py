"""延期: asking for it and answering it, measured with axe."""

import pytest
from browser.checking import Checker, serving

from web import create_app
from web.limits import limiter
from workflow.demo.staff import PASSWORD
from workflow.store.models import Extension
from workflow.supervisor_commands import RequestExtension

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("county", ["sqlite"], indirect=True)]
WANTED = {"extension_units": "1", "extension_reason": "away",
          "extension_words": "户主在外务工，约定下周一入户核查。"}  # fmt: skip


@pytest.fixture
def case(case_at):
    return case_at("audit_file")


@pytest.fixture
def window(browser, county):
    app = create_app(county.house, clock=county.clock, testing=True)
    limiter.reset()
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
    with serving(app) as address:

        def opened(login):
            view = Checker(context, address)
            view.signs_in(login, PASSWORD)
            return view

        yield opened
        context.close()


def test_the_office_asks(window, case):
    view = window("trev1")
    faults = view.check([f"/cases/{case.id}/steps/{case.task('audit_file').id}/extension"])
    assert not faults, "\n".join(map(str, faults))


def test_the_supervisor_answers(window, county, case, reviewer):
    reviewer.does(RequestExtension(case.id, case.clock("D05").id, WANTED))
    view = window("sup1")
    faults = view.check([f"/cases/{case.id}/extensions/{county.rows(Extension)[0].id}", "/inbox"])
    assert not faults, "\n".join(map(str, faults))
