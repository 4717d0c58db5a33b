"""After an erasure nothing is left of it in the files of SQLite: no old page, no old log of writes."""

import re
import sys
from pathlib import Path

import pytest
from sqlalchemy import select
from test_erasing_personal_data import erase, propose

import audit
from audit.tables import audit_key, audit_vault
from workflow.erasure_commands import ConfirmErasure
from workflow.store.connect import StillRead, leave_no_old_pages
from workflow.store.models import Outbox, Paper, Person

pytestmark = pytest.mark.parametrize("county", ["sqlite"], indirect=True)
SAID_ANYWAY = re.compile(r"\d{4}-\d\d-\d\d|[a-z_]+")
"""Days and codes: the log and the rules say them too."""
PIECE = 100
"""Bytes that nothing but this ciphertext has, and that fit on a page beside the key of their row."""
WORDS = "本户去年冬天起由邻居曾阿婆照看，核对了务工收入和就诊记录"


def files(county):
    """The database as it lies on the disk, write-ahead log and its index included."""
    database = Path(county.house.engine.url.database)
    return {
        one: file.read_bytes()
        for one in ("", "-wal", "-shm")
        if (file := database.with_name(database.name + one)).exists()
    }


def held(county, wanted):
    found = files(county).items()
    return {(one, name) for one, content in found for name, raw in wanted.items() if raw in content}


def sealed(county, case):
    """Key and ciphertexts of the case, and every sealed text, but for days, codes and the register's."""
    with county.house.reader.connect() as conn:
        keys = conn.scalars(select(audit_key.c.wrapped).where(audit_key.c.chain == case.id)).all()
        boxes = conn.execute(select(audit_vault).where(audit_vault.c.chain == case.id)).all()
        opened = [audit.openings(conn, county.house.vault, case.id, row.seq) for row in boxes]
    raw = {f"key {number}": bytes(key) for number, key in enumerate(keys)}
    # a long one does not lie in one piece, so its begin and its end are looked for
    raw |= {f"sealed {row.seq}": bytes(row.sealed)[:PIECE] for row in boxes}
    raw |= {f"end of sealed {row.seq}": bytes(row.sealed)[-PIECE:] for row in boxes}
    person = county.rows(Person, Person.id == case.row.applicant_id)[0]
    known = {str(value) for value in person}
    for entry in opened:
        for name, opening in entry.items():
            text = opening.value
            if (
                isinstance(text, str)
                and len(text) > 7
                and text not in known
                and not SAID_ANYWAY.fullmatch(text)
            ):
                raw[f"text {name} {text}"] = text.encode()
    return raw


@pytest.fixture
def ended(county, case_at):
    case = case_at("archive_case", {"give_opinion": {"opinion": "qualified", "opinion_text": WORDS}})
    county.drive(case, "end", {})
    county.night()
    return case


def test_neither_key_nor_ciphertext_nor_text_is_left_in_any_file(county, ended):
    wanted = sealed(county, ended)
    assert any(WORDS in name for name in wanted), sorted(wanted)
    assert {"key 0", "sealed 0"} <= {name for _, name in held(county, wanted)}
    erase(county, ended)
    assert held(county, wanted) == set()


def test_while_an_older_state_is_read_it_is_tried_again_later(county, ended, monkeypatch):
    county.staff["capr"].does(ConfirmErasure(ended.id, propose(county, ended)))
    monkeypatch.setattr(sys.modules["workflow.store.connect"], "PATIENCE", 1)
    wanted = {"paper": b"diagnosis.txt"}
    with county.house.reader.connect() as reading:
        reading.execute(select(Paper.id).limit(1)).all()
        with pytest.raises(StillRead):
            leave_no_old_pages(county.house.engine)
        county.night()
        (row,) = county.rows(Outbox, Outbox.kind == "erase_files")
        assert row.done_at is None
    county.clock.forward(hours=2)
    county.night()
    (row,) = county.rows(Outbox, Outbox.kind == "erase_files")
    assert row.done_at is not None and held(county, wanted) == set()
