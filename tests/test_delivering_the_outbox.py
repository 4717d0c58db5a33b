"""What leaves the house, leaves once: payment files and archived case files."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest

from workflow import outbox
from workflow.jobs import run_once
from workflow.outbox import deliver_next
from workflow.papers import PaperMissing
from workflow.sequencing import sequence
from workflow.store.models import Outbox, Payment


def orders(county):
    return sorted((county.house.home / "payments").glob("*.csv"))


def test_an_order_becomes_one_file_for_the_bank(county, case_at, finance_checker):
    case = case_at("recheck_payment")
    finance_checker.rechecks_payment(case)
    run_once(county.house, county.clock.at)
    (file,) = orders(county)
    _, line = csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig")))
    (payment,) = county.rows(Payment)
    assert line[1:] == ["1", payment.account_holder, payment.account_number, f"{payment.amount:.2f}"]
    assert file.stat().st_mode & 0o077 == 0, "an account number is nobody else's business"


def test_a_second_round_finds_nothing_to_do(county, case_at, finance_checker):
    finance_checker.rechecks_payment(case_at("recheck_payment"))
    assert deliver_next(county.house, county.clock.at)
    assert not deliver_next(county.house, county.clock.at)


def test_a_worker_killed_in_between_is_followed_by_another(county, case_at, finance_checker, monkeypatch):
    """The lease runs out; the file is written under the same name; the row is done once."""
    finance_checker.rechecks_payment(case_at("recheck_payment"))

    class Killed(BaseException):
        pass

    def die(house, row):
        raise Killed

    sequence(county.house)
    monkeypatch.setattr(outbox, "EFFECTS", {"payment_order": die})
    with pytest.raises(Killed):
        deliver_next(county.house, county.clock.at)
    monkeypatch.undo()
    assert not deliver_next(county.house, county.clock.at), "the lease of the dead one still holds"
    later = county.clock.at + timedelta(minutes=6)
    assert deliver_next(county.house, later)
    (row,) = county.rows(Outbox)
    assert row.done_at is not None and row.attempts == 2
    assert len(orders(county)) == 1


def test_what_fails_is_tried_again_and_stays_visible(county, case_at, finance_checker, monkeypatch):
    finance_checker.rechecks_payment(case_at("recheck_payment"))

    def full_disk(house, row):
        raise OSError("no space left")

    monkeypatch.setattr(outbox, "EFFECTS", {"payment_order": full_disk})
    assert deliver_next(county.house, county.clock.at)
    (row,) = county.rows(Outbox)
    assert row.done_at is None and row.available_at == county.clock.at + timedelta(minutes=10)


def test_a_missing_paper_does_not_make_half_a_file(county, case_at, archivist, monkeypatch):
    """A paper that is gone from the disk: the archive waits and says so, it does not leave it out."""

    def gone(sha256):
        raise PaperMissing(sha256)

    monkeypatch.setattr(county.house.files, "read", gone)
    archivist.archives(case_at("archive_case"))
    while deliver_next(county.house, county.clock.at):
        pass
    (waiting,) = [row for row in county.rows(Outbox) if row.kind == "archive_file"]
    assert waiting.done_at is None
    assert not list((county.house.home / "archive").glob("*.zip"))


def test_the_archived_file_holds_everything(county, case_at, archivist, monkeypatch):
    monkeypatch.setattr(county.house.files, "read", lambda sha256: sha256.encode())
    case = case_at("archive_case")
    archivist.archives(case)
    while deliver_next(county.house, county.clock.at):
        pass
    (file,) = (county.house.home / "archive").glob("*.zip")
    with zipfile.ZipFile(file) as volume:
        catalogue = json.loads(volume.read("catalogue.json"))
        entries = volume.read("entries.jsonl").splitlines()
        names = set(volume.namelist())
    assert {item["file"] for item in catalogue["content"]} | {"catalogue.json"} == names
    assert catalogue["outcome"] == "approved"
    assert [json.loads(entry)["seq"] for entry in entries] == list(range(len(entries)))
