"""试算: before it is released a proposed policy set is tried on the bills of a year (sums, no names)."""

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner
from pages.desks import at_the_desk
from rule_changes import TARIFF, VERSION, changed, proposed
from sqlalchemy import update

import audit
from workflow.cli import mingjian
from workflow.demo.staff import PASSWORD
from workflow.store import transaction
from workflow.store.models import Claim, table


@pytest.fixture
def proposal(county, case_at):
    """Two DB households and one TK one were decided on; 80 instead of 75 % is proposed for DB."""
    case_at("archive_case")
    case_at("archive_case", settled_on=county.today)
    case_at("archive_case", category="TK")
    return proposed(county, changed(county, TARIFF, VERSION))


def test_the_page_tells_sums_and_people_and_no_names(county, proposal):
    """8,000 yuan of self-pay less 1,500: 75 % are 4,875.00 and 80 % are 5,200.00; TK stays."""
    desk = at_the_desk(county, "capr")
    words = desk.opens(f"/policy/proposals/{proposal}/trial?year=2026").words
    for told in ("3人，3张", "增加2人", "减少0人", "不变1人", "相差650.00元", "325.00元"):
        assert told in words, told
    assert "欧阳" not in words
    assert "没有已经决定的单据" in desk.opens(f"/policy/proposals/{proposal}/trial").words, "of last year"
    assert f"/policy/proposals/{proposal}/trial" in desk.opens(f"/policy/proposals/{proposal}").text
    assert at_the_desk(county, "vlia1").opens(f"/policy/proposals/{proposal}/trial").status == 403


def test_a_bill_refused_on_its_merits_counts_in_neither_sum(county, case_at):
    """Its case gets nothing whatever the rate; one whose bill gives nothing gets what the proposal gives."""
    case_at("archive_case")
    county.drive(case_at("decide"), "end", {"decide": {"decision": "refuse"}})
    number = proposed(county, changed(county, TARIFF, VERSION))
    words = at_the_desk(county, "capr").opens(f"/policy/proposals/{number}/trial?year=2026").words
    assert "1人，1张" in words and "增加1人" in words and "相差325.00元" in words


def test_bills_that_were_aided_without_a_case_are_left_out_and_said_to_be(county, proposal):
    _, (one_stop,) = county.household()
    county.household()  # not aided yet
    page = f"/policy/proposals/{proposal}/trial?year=2026"
    assert "没有案件" not in at_the_desk(county, "capr").opens(page).words
    with transaction(county.house.engine) as conn:
        conn.execute(update(table(Claim)).where(Claim.id == one_stop).values(aid_paid=Decimal("4875.00")))
    words = at_the_desk(county, "capr").opens(page).words
    assert "3人，3张" in words and "另有1张单据没有案件" in words


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_command_tells_the_same(county, proposal):
    given = [
        "--home",
        str(county.house.home),
        "rules",
        "trial",
        str(proposal),
        "--year",
        "2026",
        "--as",
        "capr",
    ]
    done = CliRunner().invoke(mingjian, [*given, "--json"], input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.stdout.splitlines()[-1])
    assert (told["more"], told["less"], told["same"], told["uncomputed"]) == (2, 0, 1, 0)
    assert told["difference"] == "+650.00" and told["largest"] == ["+325.00", "+325.00"]
    refused = CliRunner().invoke(mingjian, [*given[:-1], "vlia1"], input=f"{PASSWORD}\n")
    assert refused.exit_code == 1 and "650" not in refused.output
    with county.house.reader.connect() as conn:
        entry = list(audit.entries(conn, audit.chain_of(audit.SYSTEM_CHAIN, audit.READS)))[-1].entry
    assert entry["type"] == "attempt_refused" and entry["vars"]["action"] == "view_policy"
    plain = CliRunner().invoke(mingjian, given, input=f"{PASSWORD}\n")
    assert "增加2人" in plain.output and "欧阳" not in plain.output
