"""Erasing, who looked, and how the log is published, in a real browser on a phone and at a desk."""

import socket

import pytest
from browser.checking import Checker, serving
from pages.houses import PASSWORD
from published_log import INSPECTION

from web import create_app
from web.limits import limiter
from workflow.erasure_commands import ConfirmErasure, ProposeErasure
from workflow.store.models import Erasure

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("county", ["sqlite"], indirect=True)]


@pytest.fixture
def seen(county, browser):
    """`seen(login)`: somebody's window on the small county."""
    contexts = []
    with serving(create_app(county.house, clock=county.clock, testing=True)) as address:

        def opened(login):
            limiter.reset()
            contexts.append(browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai"))
            checker = Checker(contexts[-1], address)
            checker.signs_in(login, PASSWORD)
            return checker

        yield opened
        for context in contexts:
            context.close()


def test_pages_of_an_erasure_and_of_its_readers(county, case_at, seen):
    case, other = (county.drive(case_at("archive_case"), "end", {}) for _ in range(2))
    county.night()
    archive = county.staff["arch"]
    archive.does(ProposeErasure(other.id, "order", "法院判决要求删除"))
    archive.does(ProposeErasure(case.id, "order", "法院判决要求删除"))
    number = county.rows(Erasure, Erasure.case_id == case.id)[0].id
    county.staff["capr"].does(ConfirmErasure(case.id, number))
    county.night()
    third = county.drive(case_at("archive_case"), "end", {})
    county.night()
    view = seen("capr")
    addresses = ["/erasures", f"/cases/{third.id}/erasure", f"/cases/{other.id}/erasure", f"/cases/{case.id}"]
    assert not view.check(addresses), "\n".join(map(str, view.faults))
    view = seen("insp")
    addresses = [f"/inspect/{case.id}?n=1", f"/inspect/{case.id}/readers", f"/cases/{case.id}/erasure"]
    assert not view.check(addresses), "\n".join(map(str, view.faults))


def test_pages_of_an_absent_witness(county, case_at, seen):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    county.house.sequencer().round()
    path = county.house.home / "log" / "policy"
    own = [line for line in path.read_text().splitlines() if line.startswith("log ")]
    witness = f"witness jjjc {INSPECTION.key.vkey} http://127.0.0.1:{port}"
    path.write_text("\n".join([*own, witness, "quorum jjjc", ""]))
    county.drive(case_at("recheck_payment"), "confirm_credit", {})
    county.night()
    view = seen("sup-msb")
    assert not view.check(["/supervise", "/supervise/publication"]), "\n".join(map(str, view.faults))
