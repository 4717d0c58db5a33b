"""What has been kept long enough: the rules are data, the worker acts once a day, the log says so (C-23)."""

import json
import threading
from datetime import date

import pytest
from click.testing import CliRunner
from house_templates import another_process
from pages.desks import at_the_desk

import audit
from bpmn import RulebookError
from bpmn.retention import FILE, read_retention
from bpmn.rulebook import DATA
from workflow import retention
from workflow.cli import mingjian
from workflow.retention import look, run_retention
from workflow.store.models import Claim, InboxMessage, RetentionRun

PACKAGED = (DATA / FILE).read_bytes()
YEARS = 366


def runs(county):
    with county.house.reader.connect() as conn:
        found = [one.entry for one in audit.entries(conn, audit.SYSTEM_CHAIN)]
    return [entry["vars"] for entry in found if entry["type"] == "retention_run"]


def counts(county):
    with county.house.reader.connect() as conn:
        return {one.kept.id: one.count for one in look(conn, county.house.retention(), county.clock.at)}


def test_the_packaged_rules_are_those_of_the_field():
    rules = read_retention(PACKAGED)
    assert {kept.id: kept.years for kept in rules.kept.values()} == {
        "case_file": 30, "matching": 3, "reports": 10, "log": None,
    }  # fmt: skip
    assert rules.kept["case_file"].before(date(2056, 3, 31)) == date(2026, 3, 28)
    assert rules.kept["case_file"].before(date(2056, 2, 29)) == date(2026, 2, 28)
    assert rules.kept["log"].before(date(2056, 1, 1)) is None
    assert all(basis.law for basis in rules.bases.values())


def test_a_county_may_keep_longer():
    rules = read_retention(PACKAGED.replace(b"years = 30", b"years = 50"))
    assert rules.kept["case_file"].years == 50


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"years = 30", b"years = 29", "30 years at least"),
        (b"years = 3\n", b"", "3 years at least"),
        (b"[kept.log]", b"[kept.log]\nyears = 100", "kept for ever"),
        (b"[kept.log]", b"[kept.logs]", "missing"),
        (b'then = "ask"', b'then = "burn"', "ask, delete, keep"),
        (b'then = "ask"', b'then = "delete"', "ask or keep"),
        (b'after = "case_file"', b'after = "everything"', "there is no 'everything'"),
        (b"[kept.log]", b"[[kept", "not valid TOML"),
    ],
)
def test_what_is_shorter_or_not_understood_is_refused(old, new, said):
    assert old in PACKAGED
    with pytest.raises(RulebookError) as refused:
        read_retention(PACKAGED.replace(old, new, 1))
    assert said in " ".join(fault.reason.en for fault in refused.value.faults)


def test_the_worker_deletes_unused_bills_after_three_years_and_says_how_many(county):
    _, (bill,) = county.household()
    used = county.staff["vlia1"].files(*county.household())
    assert counts(county)["matching"] == 0
    county.clock.forward(days=3 * YEARS + 20)
    assert counts(county)["matching"] == 1
    assert run_retention(county.house, county.clock.at) == 1
    assert county.rows(Claim, Claim.id == bill) == [] and used.bills, "a bill of a case belongs to the case"
    assert runs(county) == [{"deleted": {"matching": 1}, "asked": {"case_file": 0}}]
    assert run_retention(county.house, county.clock.at) == 0 and len(runs(county)) == 1
    assert [row.deleted for row in county.rows(RetentionRun)] == [1]


def test_a_second_worker_waits_for_the_first_and_finds_nothing_to_do(county, monkeypatch):
    """Both saw in the morning that the day was not done yet."""
    county.household()
    county.clock.forward(days=3 * YEARS + 20)
    done, delete = [], retention._delete
    with another_process(county) as house:
        other = threading.Thread(target=lambda: done.append(run_retention(house, county.clock.at)))

        def while_the_other_begins(*told):
            if threading.current_thread() is threading.main_thread():
                other.start()
                other.join(0.5)
            return delete(*told)

        monkeypatch.setattr(retention, "_delete", while_the_other_begins)
        assert run_retention(county.house, county.clock.at) == 1
        other.join(15)
    assert done == [0] and len(runs(county)) == len(county.rows(RetentionRun)) == 1


def test_the_archive_is_told_once_of_a_case_whose_time_is_over(county, case_at):
    ended = county.drive(case_at("archive_case"), "end", {})
    county.night()
    county.clock.forward(days=30 * YEARS)
    assert counts(county)["case_file"] == 1
    county.night()
    county.clock.forward(days=1)
    county.night()
    (line,) = county.rows(InboxMessage, InboxMessage.kind == "retention_due")
    assert (line.case_id, line.role) == (ended.id, "ARCH")
    assert [facts["asked"] for facts in runs(county) if facts["asked"]["case_file"]] == [{"case_file": 1}]
    assert ended.row.erased_at is None, "two people decide"


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_archive_sees_them_on_a_page(county, case_at):
    ended = county.drive(case_at("archive_case"), "end", {})
    county.night()
    archive = at_the_desk(county, "arch")
    assert "保存期满0件" in archive.opens("/erasures").words
    county.clock.forward(days=30 * YEARS)
    page = at_the_desk(county, "arch").opens("/erasures")
    assert "保存期满1件" in page.words and f"/cases/{ended.id}/erasure" in page.links()


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_command_looks_without_touching(county):
    county.household()

    def run(*more):
        return CliRunner().invoke(mingjian, ["--home", str(county.house.home), "retention", *more])

    done = run("--dry-run")
    assert done.exit_code == 0 and "案卷和拨款清单：保存30年" in done.stdout, done.output
    assert "日志条目：永久保存" in done.stdout
    told = json.loads(run("--dry-run", "--json").stdout)
    assert [one["what"] for one in told["kept"]] == ["case_file", "matching", "reports", "log"]
    assert county.rows(RetentionRun) == []
    assert run().exit_code == 0 and len(county.rows(RetentionRun)) == 1
