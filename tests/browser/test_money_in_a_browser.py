"""The green register, an advance, a recovery and the trial of a proposal: pages with figures, with axe."""

from datetime import timedelta

import pytest
from browser.checking import Checker, serving
from pages.houses import PASSWORD
from rescuing import asks, checked, granted, recovery_of, until
from rule_changes import changed, proposed

from web import create_app

TARIFF = ("policies/plan-2026/tariff.dmn", b"<text>0.75</text>", b"<text>0.80</text>")
VERSION = ("policies/plan-2026/policy.toml", b'version = "2026.1"', b'version = "2026.2"')
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("county", ["sqlite"], indirect=True)]


def test_the_register_and_the_cases_in_it(county, browser):
    hospital = county.staff["hosp"]
    granted(checked(asks(hospital, county.household()[0])), "2000.01", "payment")
    asks(hospital, county.household()[0], variant="e", requested_by="station")
    back = granted(checked(asks(hospital, county.household()[0])))
    refused = {"give_opinion": {"opinion": "not_qualified", "opinion_reason": "R06"}}
    until(back, "archive_case", **refused, decide={"decision": "refuse"})
    recovery = recovery_of(back)
    plan = {
        "state_facts": {"due": "0.00"},
        "review_recovery": {"due": "0.00"},
        "decide_recovery": {"recovery": "recover", "suspected_crime": False, "penalty": "none"},
        "agree_payback": {
            "payback": "instalments",
            "parts": 3,
            "every": "month",
            "first_on": county.today + timedelta(days=60),
            "own_dates": "",
        },
    }
    county.drive(recovery, "record_repayment", plan)
    county.staff["fin2"].completes("record_repayment", recovery, repaid="1200.00")
    number = proposed(county, changed(county, TARIFF, VERSION))
    pages = [f"/policy/proposals/{number}", f"/policy/proposals/{number}/trial?year=2026"]
    pages += ["/green-channel", "/green-channel?s=late", f"/cases/{back.id}", f"/cases/{recovery.id}"]
    with serving(create_app(county.house, clock=county.clock, testing=True)) as base:
        context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
        view = Checker(context, base)
        view.signs_in("chnd", PASSWORD)
        view.check(pages)
        context.close()
    assert not view.faults, "\n".join(map(str, view.faults))
