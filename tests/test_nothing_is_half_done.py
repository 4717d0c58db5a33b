"""Nothing is half done: a command happens whole, with its log entry, or not at all; and then once."""

import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from crashing import Counting, Crash, everything
from house_templates import another_process
from small_county import paper
from sqlalchemy import select, text

import audit
from workflow.cases import keeping
from workflow.commands import AttachPaper
from workflow.errors import Busy
from workflow.handle import case_changed
from workflow.replay import replay
from workflow.store import transaction
from workflow.store.connect import OutcomeUnknown
from workflow.store.models import Case

RETURNED = {"confirm_credit": {"bank": "returned", "return_reason": "number"}}
HEAVY_STEPS = ["check_papers", "post_review_result", "sign_decision", "confirm_credit"]
"""Steps with letters, clocks, timers, postings, payments and sealed answers."""


@pytest.mark.parametrize("node", HEAVY_STEPS)
def test_a_crash_at_any_statement_leaves_nothing_and_the_next_try_does_it_once(
    case_at, county, monkeypatch, node
):
    case = case_at(node)
    staff = {(one.actor.role, one.actor.org): one for one in county.staff.values()}
    task = case.open[node]
    someone, command = staff[task.role, task.org], county.completion(case, node, {})
    before, counting = everything(county), Counting(monkeypatch)
    for statement in count(1):
        counting.at = statement
        try:
            with counting:
                someone.does(command, "the-request")
        except Crash:
            assert everything(county) == before, f"something stayed after statement {statement}"
        else:
            break
    assert statement > 15
    assert node not in case.open
    assert someone.does(command, "the-request").repeated
    assert [entry["request"] for entry in case.entries].count("the-request") == 1


def test_a_crash_at_any_statement_of_an_application(county, clerk, monkeypatch):
    person, bills = county.household()
    before, counting = everything(county), Counting(monkeypatch)
    for statement in count(1):
        counting.at = statement
        try:
            with counting:
                case = clerk.files(person, bills, "the-request")
        except Crash:
            assert everything(county) == before
        else:
            break
    assert statement > 15
    assert clerk.files(person, bills, "the-request").id == case.id
    assert len(county.rows(Case)) == 1
    assert case.row.number == "2026-0001"


def test_a_crash_at_any_statement_of_a_timer_and_of_a_warning(case_at, county, clock, monkeypatch):
    case = case_at("public_notice")
    clock.forward(days=40)
    before, counting, tries = everything(county), Counting(monkeypatch), 0
    for statement in count(2):  # the first statement only looks for work
        counting.at = statement
        try:
            with counting:
                county.night()
        except Crash:
            tries += everything(county) != before
        else:
            break
    types = [entry["type"] for entry in case.entries]
    assert types.count("timer_fired") == 1
    assert types.count("alarm_raised") == len(case.alarms)
    assert len({(row.clock_id, row.level) for row in case.alarms}) == len(case.alarms)


def test_a_commit_whose_answer_is_lost_has_happened_once(case_at, county, clerk, monkeypatch):
    """Failed but kept: the database has committed, the client never hears of it and asks again."""
    case = case_at("check_papers")
    command, dialect = county.completion(case, "check_papers", {}), county.house.engine.dialect
    real = dialect.do_commit

    def commit_and_die(connection):
        real(connection)
        raise Crash()

    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(dialect, "do_commit", commit_and_die)
        clerk.does(command, "the-request")
    seq = case.row.seq
    assert set(case.open) == {"enquire"}
    outcome = clerk.does(command, "the-request")
    assert (outcome.repeated, outcome.seq, case.row.seq) == (True, seq, seq)


def test_if_the_entry_cannot_be_written_the_decision_is_not_made(case_at, county, approver, monkeypatch):
    case = case_at("sign_decision")
    before = everything(county)

    def no_log(*args, **rest):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(keeping, "append", no_log)
        approver.signs_decision(case)
    assert everything(county) == before
    approver.signs_decision(case)
    assert case.row.outcome == "approved"


def test_an_entry_that_the_log_refuses_takes_the_step_with_it(case_at, county, approver, monkeypatch):
    """A number of a person among the decision variables: the log's own net catches it."""
    case = case_at("sign_decision")
    before = everything(county)
    real = keeping.actor_of
    with monkeypatch.context() as patch, pytest.raises(audit.EntryRefused):
        patch.setattr(keeping, "actor_of", lambda actor: {**real(actor), "name": "欧阳福根"})
        approver.signs_decision(case)
    assert everything(county) == before


def test_if_the_vault_cannot_seal_nothing_is_written(case_at, county, village_liaison, monkeypatch):
    case = case_at("record_review")
    before = everything(county)

    def no_seal(*args, **rest):
        raise audit.VaultError("the key is gone")

    with monkeypatch.context() as patch, pytest.raises(audit.VaultError):
        patch.setattr(county.house.vault, "keep", no_seal)
        village_liaison.records_review(case)
    assert everything(county) == before


def test_a_command_that_is_announced_has_been_committed(case_at, county, clerk):
    """Whoever listens sees the case as it now is; a listener that fails takes nothing back."""
    case, heard = case_at("check_papers"), []

    def listen(house, outcome, actor):
        heard.append((outcome.seq, case.row.seq, set(case.open)))

    with case_changed.connected_to(listen):
        outcome = clerk.checks_papers(case)
    assert heard == [(outcome.seq, outcome.seq, {"enquire"})]


WRITER = """
import sys
from pathlib import Path
from house_templates import reopened
county = reopened(sys.argv[1], Path(sys.argv[2]))
clerk, liaison = county.staff["twin1"], county.staff["vlia1"]
print("ready", flush=True)
while True:
    case = clerk.files(*county.household())
    print(case.id.hex, 0, flush=True)
    for step in (lambda: clerk.checks_papers(case), lambda: liaison.enquires(case)):
        outcome = step()
        print(case.id.hex, outcome.seq, flush=True)
"""


def test_what_was_acknowledged_survives_kill_9(county, tmp_path):
    house = county.house
    arguments = [house.engine.url.render_as_string(hide_password=False), str(house.home)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, *arguments, str(number)],
            stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True,
        )
        for number in range(2)
    ]  # fmt: skip
    try:
        for writer in writers:
            assert writer.stdout.readline() == "ready\n"
        time.sleep(1)
    finally:  # also when one has not come up: nobody goes on writing behind the tests
        for writer in writers:
            os.killpg(writer.pid, signal.SIGKILL)
    told = [line.split() for writer in writers for line in writer.communicate()[0].splitlines()]
    acknowledged = {
        UUID(words[0]): int(words[1]) for words in told if len(words) == 2 and len(words[0]) == 32
    }
    assert len(acknowledged) > 2
    with another_process(county) as after, after.reader.connect() as conn:
        assert audit.verify(conn, after.vault).ok
        for case_id, seq in acknowledged.items():
            assert conn.scalar(select(Case.seq).where(Case.id == case_id)) >= seq
            assert replay(after, conn, case_id).difference is None


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_a_full_disk_refuses_and_loses_nothing(case_at, county, clerk):
    case = case_at("check_papers")
    household = county.household()
    before = everything(county)
    with transaction(county.house.engine) as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Busy):
        for _ in range(200):
            clerk.does(AttachPaper(case.id, paper("other")))
    acknowledged = case.row.seq
    with pytest.raises(Busy):
        clerk.files(*household)
    assert case.row.seq == acknowledged
    assert everything(county)["claim"] == before["claim"]
    with transaction(county.house.engine) as conn:
        conn.exec_driver_sql("PRAGMA max_page_count = 1073741823")
    clerk.checks_papers(case)
    assert set(case.open) == {"enquire"}


@pytest.mark.parametrize("county", ["postgresql"], indirect=True)
def test_a_broken_off_wait_for_a_standby_is_told_as_unknown(county):
    """PostgreSQL answers such a commit with success and a warning; nobody may take it for safe."""
    engine = county.house.engine
    warn = (
        "DO $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication due to user request'; END $$"
    )
    with pytest.raises(OutcomeUnknown), transaction(engine) as conn:
        conn.execute(text(warn))
    with transaction(engine) as conn:  # the next transaction on the same connection is a clean one
        conn.execute(text("SELECT 1"))
