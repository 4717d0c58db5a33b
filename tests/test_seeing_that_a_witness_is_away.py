"""A supervisor sees which witness is away since when, and what that holds up: publication and payments."""

import socket

import pytest
from pages.desks import at_the_desk
from published_log import INSPECTION

from workflow.store.models import Outbox, Receipt

pytestmark = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


@pytest.fixture
def nobody_answers(county):
    """A policy that wants a witness behind a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    county.house.sequencer().round()
    path = county.house.home / "log" / "policy"
    own = [line for line in path.read_text().splitlines() if line.startswith("log ")]
    witness = f"witness jjjc {INSPECTION.key.vkey} http://127.0.0.1:{port}"
    path.write_text("\n".join([*own, witness, "quorum jjjc", ""]))


def test_with_every_witness_there_the_board_says_nothing(county, case_at):
    case_at("check_papers")
    county.house.sequencer().round()
    page = at_the_desk(county, "sup-msb").opens("/supervise")
    assert "见证方" not in page.words
    page = at_the_desk(county, "sup-msb").opens("/supervise/publication")
    assert "没有。" in page.words and "已公开" in page.words and "策略里没有见证方" in page.words


def test_an_absent_witness_is_named_with_what_it_holds_up(county, case_at, nobody_answers):
    county.drive(case_at("recheck_payment"), "confirm_credit", {})
    county.night()
    orders = [row for row in county.rows(Outbox, Outbox.kind == "payment_order") if row.done_at is None]
    waiting = county.rows(Receipt, Receipt.proof.is_(None))
    assert orders and waiting, "the payment has not left: it has no receipt"
    supervisor = at_the_desk(county, "sup-msb")
    board = supervisor.opens("/supervise")
    assert "见证方jjjc从" in board.words and "没有回应" in board.words
    assert f"等回执的决定{len(waiting)}项，发不出去的拨付单{len(orders)}份" in board.words
    page = supervisor.opens("/supervise/publication")
    assert "不能发给银行" in page.words and "等待见证" in page.words and "不在" in page.words
    assert at_the_desk(county, "chnd").opens("/supervise/publication").status == 403
    assert at_the_desk(county, "insp").opens("/supervise/publication").status == 200


def test_the_board_tells_a_log_that_was_stopped(county, case_at):
    case_at("check_papers")
    sequencer = county.house.sequencer()
    sequencer.round()
    (county.house.home / "log" / "policy").write_text("junk\n")
    case_at("check_papers")
    assert sequencer.round()["mingjian"].fault is not None
    page = at_the_desk(county, "sup-msb").opens("/supervise/publication")
    assert "已停止" in page.words and "PolicyFaulty" in page.words
    assert "日志没有公开" in at_the_desk(county, "sup-msb").opens("/supervise").words
