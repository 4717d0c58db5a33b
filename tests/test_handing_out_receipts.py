"""Decisions and payments carry a receipt of the published log; a payment does not leave without it."""

import zlib
from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from pages.houses import demonstration_copy
from pages.visiting import Visitor
from sqlalchemy import event, select, update

import audit
from audit.policy import NotSupported, PolicyFaulty
from audit.proof import Proof, unpack
from audit.receipts import Published
from audit.tiles import Tree, TreeBroken
from audit.witness.answering import Witness
from web import create_app
from web.limits import limiter
from workflow.outbox import deliver_next
from workflow.receipts import fill_in, proof_of
from workflow.store.models import Letter, Outbox, Receipt

only_sqlite = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


def receipt_of(county, case, seq):
    with county.house.reader.connect() as conn:
        return proof_of(conn, case.id, seq)


def without_quorum(county, tmp_path):
    """From now on somebody who does not answer has to cosign."""
    county.night()
    away = Witness.create(tmp_path / "away", "inspection.example")
    path = county.house.home / "log/policy"
    line = f"witness inspection {away.signer.key.vkey}\nquorum inspection"
    before = path.read_text()
    path.write_text(before.replace("quorum none", line))
    return lambda: path.write_text(before)


def test_a_letter_and_a_payment_get_their_receipts_with_the_next_round(county, case_at):
    case = case_at("confirm_credit")
    wanted = {row.seq for row in county.rows(Receipt, Receipt.case_id == case.id)}
    assert {letter.seq for letter in case.letters.values()} <= wanted
    county.night()
    policy = county.house.published().policy()
    with county.house.reader.connect() as conn:
        leaves = {stored.seq: stored.leaf for stored in audit.entries(conn, case.id)}
    for seq in wanted:
        proof = Proof.parse(receipt_of(county, case, seq))
        assert proof.check(policy, leaves[seq]).checkpoint.size > proof.index
        with pytest.raises(NotSupported):
            proof.check(policy, bytes(32))
    assert fill_in(county.house) == 0


def test_a_payment_order_leaves_with_its_receipt_beside_it(county, case_at):
    case = case_at("confirm_credit")
    county.night()
    orders = sorted((county.house.home / "payments").iterdir())
    assert [path.suffix for path in orders] == [".csv", ".tlog-proof"]
    assert Proof.parse(orders[1].read_text()).check(county.house.published().policy())
    assert case.row.number in orders[0].name


def test_22_a_payment_does_not_leave_before_its_entry_is_published(county, case_at, tmp_path):
    """Whoever deletes entry and state before sequencing gets no money out with it."""
    agree_again = without_quorum(county, tmp_path)
    case = case_at("confirm_credit")
    county.night()
    (order,) = county.rows(Outbox, Outbox.kind == "payment_order")
    assert order.done_at is None and not (county.house.home / "payments").exists()
    assert receipt_of(county, case, order.payload["seq"]) is None
    assert order.available_at == county.clock.at + timedelta(seconds=5)
    assert not deliver_next(county.house, county.clock.at)
    agree_again()
    county.clock.forward(seconds=10)
    county.night()
    assert county.rows(Outbox, Outbox.kind == "payment_order")[0].done_at is not None
    assert len(list((county.house.home / "payments").iterdir())) == 2


def test_many_receipts_are_filled_in_with_as_many_questions_as_one(county, case_at):
    """As many files are read, too: the policy and the checkpoint once, each tile once."""
    cases, asked = [case_at("deliver_letter") for _ in range(3)], []
    county.night()
    places = {(row.case_id, row.seq): Proof.parse(row.proof).index for row in county.rows(Receipt)}

    @event.listens_for(county.house.reader, "before_cursor_execute")
    def count(conn, cursor, statement, *rest):
        asked.append(statement)

    counts = []
    for wanted in ([cases[0].id], [case.id for case in cases]):
        with county.house.engine.begin() as conn:
            conn.execute(update(Receipt).where(Receipt.case_id.in_(wanted)).values(proof=None))
        asked.clear()
        assert fill_in(county.house) >= len(wanted)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    again = {(row.case_id, row.seq): Proof.parse(row.proof).index for row in county.rows(Receipt)}
    assert again == places


@only_sqlite
def test_the_entry_names_the_letters_it_sends(county, case_at):
    case = case_at("deliver_letter")
    letter = case.letters["approval"] if "approval" in case.letters else list(case.letters.values())[-1]
    assert letter.number in case.entries[letter.seq]["vars"]["letters"]


@only_sqlite
def test_a_log_that_lies_elsewhere_gives_no_receipts(county, case_at, tmp_path):
    case = case_at("deliver_letter")
    county.night()
    with county.house.reader.connect() as conn:
        assert Published(tmp_path).receipts(conn, [(case.id, 0)]) == {}
        assert Published(county.house.home).receipts(conn, [(case.id, 999)]) == {}
        assert Published(county.house.home, audit.READS).newest() is not None


@only_sqlite
def test_a_checkpoint_that_the_policy_no_longer_accepts_gives_no_receipts(county, case_at, tmp_path):
    case = case_at("deliver_letter")
    county.night()
    published = county.house.published()
    assert published.newest() is not None
    without_quorum(county, tmp_path)
    assert published.newest() is None
    with county.house.reader.connect() as conn:
        assert published.receipts(conn, [(case.id, 0)]) == {}
    (county.house.home / "log/policy").write_text("junk\n")
    assert published.newest() is None


@only_sqlite
def test_tiles_that_are_gone_give_no_receipts_and_are_reported(county, case_at, monkeypatch):
    case = case_at("deliver_letter")

    def gone(*told):
        raise TreeBroken("tile/0/000 is not there")

    monkeypatch.setattr(Tree, "inclusion", gone)
    county.night()
    assert None in {row.proof for row in county.rows(Receipt, Receipt.case_id == case.id)}
    monkeypatch.undo()
    assert fill_in(county.house) > 0


# ---- the pages


@pytest.fixture(scope="module")
def house():
    house = demonstration_copy()
    house.sequencer().round()
    fill_in(house)
    yield house
    house.close()


@pytest.fixture(scope="module")
def app(house):
    return create_app(house, testing=True)


@pytest.fixture
def visitor(app):
    limiter.reset()
    return Visitor(app)


def letters_with_receipts(house):
    with house.reader.connect() as conn:
        return conn.execute(
            select(Letter.id, Letter.number, Letter.kind, Receipt.proof)
            .join(Receipt, (Receipt.case_id == Letter.case_id) & (Receipt.seq == Letter.seq))
            .where(Receipt.proof.is_not(None))
            .order_by(Letter.id)
        ).all()


def test_the_page_says_what_was_checked_and_what_the_letter_must_say(house, visitor):
    letter = next(row for row in letters_with_receipts(house) if row.kind == "approval_decision")
    proof = Proof.parse(letter.proof)
    page = visitor.opens(f"/verify?r={proof.packed()}")
    assert page.status == 200
    assert "核验通过" in page.words and letter.number in page.words and "没有核验" in page.words
    assert f"第{proof.index + 1}条" in page.words
    pasted = visitor.submits(visitor.opens("/verify"), "/verify", receipt=str(proof).replace("\n", "\r\n"))
    assert pasted.status == 200 and letter.number in pasted.words
    address = f"http://elsewhere.example/verify?r={proof.packed()}"
    assert visitor.submits(page, "/verify", receipt=address).status == 200
    kept = visitor.client.get(f"/verify/receipt.tlog-proof?r={proof.packed()}")
    assert Proof.parse(kept.text) == proof and "attachment" in kept.headers["Content-Disposition"]


def test_a_receipt_with_another_entrys_hash_does_not_hold(house, visitor):
    first, second, *_ = letters_with_receipts(house)
    one, other = Proof.parse(first.proof), Proof.parse(second.proof)
    forged = Proof(one.index, one.path, one.note, other.extra)
    page = visitor.opens(f"/verify?r={forged.packed()}")
    assert page.status == 422 and "核验没有通过" in page.words
    junk = visitor.submits(visitor.opens("/verify"), "/verify", receipt="junk")
    assert junk.status == 422 and "不是一份完整的回执" in junk.words
    assert visitor.opens("/verify?r=junk").status == 422
    assert visitor.opens("/verify/receipt.tlog-proof?r=junk").status == 404


def test_an_entry_that_is_not_here_is_proved_and_not_shown(house, visitor, monkeypatch):
    """The receipt alone proves it; what the entry says is read from the published log."""
    letter = letters_with_receipts(house)[0]
    proof = Proof.parse(letter.proof)
    monkeypatch.setattr(Published, "entry", lambda published, proof: None)
    page = visitor.opens(f"/verify?r={proof.packed()}")
    assert page.status == 200 and "核验通过" in page.words and letter.number not in page.words


def tiles_gone(*told):
    raise TreeBroken("tile/entries/000 is not there")


def disk_gone(*told):
    raise OSError(5, "Input/output error")


def policy_gone(*told):
    raise PolicyFaulty("line 1: not understood")


@pytest.mark.parametrize("fault", [tiles_gone, disk_gone])
def test_an_entry_that_cannot_be_read_is_proved_and_that_is_told(house, visitor, monkeypatch, fault):
    proof = Proof.parse(letters_with_receipts(house)[0].proof)
    monkeypatch.setattr(Published, "entry", fault)
    page = visitor.opens(f"/verify?r={proof.packed()}")
    assert page.status == 200 and "核验通过" in page.words and "现在读不出记录的内容" in page.words


@pytest.mark.parametrize("fault", [policy_gone, disk_gone])
def test_an_office_that_cannot_check_now_does_not_blame_the_receipt(house, visitor, monkeypatch, fault):
    proof = Proof.parse(letters_with_receipts(house)[0].proof)
    monkeypatch.setattr(Published, "policy", fault)
    page = visitor.opens(f"/verify?r={proof.packed()}")
    assert page.status == 503 and "现在不能核验" in page.words
    assert "核验没有通过" not in page.words and "不是一份完整的回执" not in page.words


HEADER = "c2sp.org/tlog-proof@v1\nindex 1\n"


@pytest.mark.parametrize(
    "junk",
    [
        "{}",
        "[" * 20_000,
        "A" * 50_000,
        HEADER,
        f"{HEADER}\n",
        HEADER + "AAAA\n" * 64 + "\nx",
        HEADER + "ＡＡＡＡ\n\nx",
        HEADER.replace("1\n", "9" * 19 + "\n") + "\nx\n9\nAAAA\n\n— x AAAAAAA=\n",
        "/verify?r=" + urlsafe_b64encode(zlib.compress(b"A" * 50_000_000, 9)).decode().rstrip("="),
    ],
    ids=["json", "deep", "long", "cut", "no note", "short hashes", "wide", "huge", "bomb"],
)
def test_40_whatever_is_pasted_ends_with_a_clear_message(visitor, junk):
    page = visitor.submits(visitor.opens("/verify"), "/verify", receipt=junk)
    assert page.status == 422 and "不是一份完整的回执" in page.words


def test_an_entry_beyond_what_is_published_is_not_read(house):
    proof = Proof.parse(letters_with_receipts(house)[0].proof)
    beyond = Proof(10**6, proof.path, proof.note, proof.extra)
    assert house.published().entry(beyond) is None


def test_the_log_is_served_as_files_and_nothing_beside_it(house, visitor):
    checkpoint = visitor.client.get("/log/checkpoint")
    assert checkpoint.data == (house.home / "log/checkpoint").read_bytes()
    assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert visitor.client.get("/log/reads/checkpoint").status_code == 200
    tile = visitor.client.get("/log/tile/0/000")
    assert len(tile.data) == 8192 and "immutable" in tile.headers["Cache-Control"]
    assert visitor.client.get("/log/tile/entries/000").status_code == 200
    for path in ("policy", "keys.json"):
        assert visitor.client.get(f"/log/{path}").status_code == 200
    for path in ("tile/0/999", "..%2fkeys/log.key", "%2e%2e/keys/log.key", ".checkpoint.part", "tile/0", "x"):
        assert visitor.client.get(f"/log/{path}").status_code == 404


def test_the_letter_prints_a_code_that_leads_to_its_receipt(house, visitor):
    letter = letters_with_receipts(house)[-1]
    visitor.signs_in("chnd")
    page = visitor.opens(f"/letters/{letter.id}")
    assert len(page.tree.xpath("//*[contains(@class, 'mj-qr--receipt')]")) == 1
    assert "公开日志第" in page.words
    assert visitor.client.get(f"/letters/{letter.id}.pdf").data.startswith(b"%PDF")
    assert unpack(Proof.parse(letter.proof).packed()) == Proof.parse(letter.proof)


def test_a_letter_without_its_receipt_says_that_it_may_not_be_handed_out(house, visitor):
    letter = letters_with_receipts(house)[-1]
    with house.engine.begin() as conn:
        conn.execute(update(Receipt).where(Receipt.proof == letter.proof).values(proof=None))
    visitor.signs_in("chnd")
    page = visitor.opens(f"/letters/{letter.id}")
    assert "不能作为正式文书送达" in page.words and "mj-qr" not in page.text
    assert fill_in(house) == 1
