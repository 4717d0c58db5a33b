"""Everybody who looks after the log sees how much is out, what stops it, and since when a witness is away."""

import pytest
from log_office import Office

import audit
from audit.note import cosign
from audit.standing import standing
from audit.witness.answering import Witness


@pytest.fixture
def office(tmp_path):
    office = Office(f"sqlite+pysqlite:///{tmp_path / 'office.sqlite'}", tmp_path / "home")
    yield office
    office.close()


@pytest.fixture
def witness(office, tmp_path):
    office.round()
    witness = Witness.create(tmp_path / "witness", "inspection.example")
    path = office.home / "log/policy"
    line = f"witness inspection {witness.signer.key.vkey} http://127.0.0.1:1/"
    path.write_text(path.read_text().replace("quorum none", f"{line}\nquorum inspection"))
    return witness


def said(office):
    return "\n".join(text for log in standing(office.home) for line in log.sentences() for text in line)


def test_before_the_first_round_nothing_is_out(office):
    cases, reads = standing(office.home)
    assert (cases.published, cases.signed, cases.witnesses, cases.waiting) == (None, None, (), False)
    assert "案件日志：还没有公开" in said(office) and reads.log == audit.READS


def test_afterwards_it_says_how_much(office):
    office.write(3)
    office.round()
    cases, reads = standing(office.home)
    assert (cases.published, reads.published, cases.stopped) == (6, 3, None)
    assert f"已公开 6 个条目（{office.seen().checkpoint.origin}）" in said(office)


def test_without_the_quorum_it_says_who_is_away_since_when(office, witness):
    assert "还没有见证" in said(office)
    office.write()
    office.round()
    (cases, _) = standing(office.home)
    assert cases.waiting and [one.name for one in cases.away] == ["inspection"]
    assert "自 2026-03-02T04:00:00.000000Z 起没有回应" in said(office)
    assert "without the quorum" in said(office)
    assert cases.as_json()["waiting"] is True


def test_with_the_witness_it_says_when_it_signed(office, witness, monkeypatch):
    def post(url, body, seconds):
        return 200, str(cosign(body.decode().split("\n\n")[1] + "\n", witness.signer, 1_772_424_000))

    monkeypatch.setattr("audit.reaching._post", post)
    office.write()
    office.round()
    assert "✔ 见证方 inspection：2026-03-02T04:00:00.000000Z 已见证" in said(office)
    unsigned = bytes(office.note()).split("— inspection".encode())[0]
    (office.home / "log/checkpoint").write_bytes(unsigned)
    assert "见证到第" in said(office)
    forged = bytes(office.note()) + str(cosign("other\n", witness.signer, 1)).encode()
    (office.home / "log/checkpoint").write_bytes(forged)
    assert "见证到第" in said(office)


def test_what_stops_the_log_is_told_until_it_is_mended(office):
    case = office.write()
    office.round()
    office.write(1, case)
    with office.unguarded():
        office.execute("UPDATE audit_entry SET bytes = x'00' WHERE seq = 1 AND log = 0 AND chain <> :system",
                       system=audit.SYSTEM_CHAIN.hex)  # fmt: skip
    for minutes in (0, 5):
        office.later(minutes=minutes)
        assert office.sequencer.round()[audit.LOG].fault is not None
    (cases, reads) = standing(office.home)
    assert cases.since == "2026-03-02T04:00:00.000000Z" and "EntryAltered" in cases.stopped
    assert reads.stopped is None
    assert "起停止公开" in said(office)
    with office.unguarded():
        office.execute("DELETE FROM audit_pending")
    office.round()
    assert standing(office.home)[0].stopped is None


def test_damaged_files_count_as_missing(office):
    office.round()
    (office.home / "log/checkpoint").write_bytes(b"junk")
    (office.home / "log/policy").write_bytes(b"junk")
    (office.home / "sequencer/signed").write_bytes(b"\xff")
    (office.home / "sequencer/stopped").write_bytes(b"[]")
    (cases, _) = standing(office.home)
    assert (cases.published, cases.signed, cases.quorum, cases.stopped) == (None, None, "", None)


def test_a_full_disk_does_not_hide_what_stops_the_log(office, monkeypatch):
    def full(*told):
        raise OSError(28, "No space left on device")

    office.write()
    monkeypatch.setattr("audit.sequencer.note_stop", full)
    office.restarted(fsync=full)
    done = office.sequencer.round() if office.home.joinpath("keys/log.key").exists() else None
    with pytest.raises(OSError, match="No space"):
        if done is None:
            office.round()
        raise done[audit.LOG].fault
