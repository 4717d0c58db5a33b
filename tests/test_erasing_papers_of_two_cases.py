"""Two cases with the same paper: erasing one while the other takes it in loses nothing that is named."""

import io
import threading
from hashlib import sha256

import pytest
from small_county import paper
from test_erasing_personal_data import erase, propose

from workflow.commands import AttachPaper, NewPaper
from workflow.erasure_commands import ConfirmErasure
from workflow.errors import AnswersRefused
from workflow.store.models import Paper

SCAN = b"the same scan"
DIGEST = sha256(SCAN).hexdigest()
SAME = NewPaper("other", DIGEST, "scan.png", "image/png", len(SCAN))


@pytest.fixture
def ended(county, case_at):
    county.house.files.keep(io.BytesIO(SCAN), limit=99)
    case = case_at("archive_case")
    county.staff["twin1"].does(AttachPaper(case.id, SAME))
    county.drive(case, "end", {})
    county.night()
    return case


def test_a_case_that_takes_the_paper_in_meanwhile_never_names_a_file_that_is_gone(county, ended, monkeypatch):
    other = county.staff["vlia1"].files(*county.household())
    files, told = county.house.files, []

    def attach():
        try:
            told.append(county.staff["twin1"].does(AttachPaper(other.id, SAME)))
        except AnswersRefused as refused:
            told.append(refused)

    attaching, find = threading.Thread(target=attach), files.path

    def about_to_unlink(digest):
        if digest == DIGEST and threading.current_thread() is threading.main_thread():
            attaching.start()
            attaching.join(0.5)
        return find(digest)

    county.staff["capr"].does(ConfirmErasure(ended.id, propose(county, ended)))
    monkeypatch.setattr(files, "path", about_to_unlink)
    county.night()
    attaching.join(10)
    named = county.rows(Paper, Paper.case_id == other.id, Paper.sha256 == DIGEST)
    assert told and bool(named) is find(DIGEST).exists()
    assert isinstance(told[0], AnswersRefused) and "again" in str(told[0])


def test_a_paper_that_another_case_names_stays(county, ended):
    other = county.staff["vlia1"].files(*county.household())
    county.staff["twin1"].does(AttachPaper(other.id, SAME))
    erase(county, ended)
    assert county.house.files.read(DIGEST) == SCAN


def test_a_paper_whose_file_has_gone_is_asked_for_again(county, case_at):
    case, missing = case_at("check_papers"), paper("a scan that never came")
    with pytest.raises(AnswersRefused, match="again"):
        county.staff["twin1"].does(
            AttachPaper(case.id, NewPaper("other", missing.sha256, "x", "image/png", 1))
        )
