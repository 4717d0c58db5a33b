"""A running office attacked with stolen keys, wrong clocks, other openings, other diagrams.

The numbers are those of the list of attempts. Whoever tampers owns the database.
"""

import shutil
from itertools import cycle

from house_templates import guards_down, rewrite
from sqlalchemy import delete, select, update
from tampering import another_amount, forced, replayed, rewrite_ticks, sealed_in, stored, with_vault

import audit
from audit import keyring, rotation
from audit.checker.mingjian_check import FAULTY, SOUND, UNCHECKABLE
from audit.merkle import leaf_hash
from audit.publishing import Contradiction
from audit.tables import audit_entry, audit_head, audit_index, audit_vault
from audit.witnessing import contacts
from workflow.receipts import proof_of
from workflow.store.models import Outbox, Payment, RuleFile

entry = audit_entry.c


def test_21_a_case_rebuilt_under_stolen_keys_is_not_cosigned(system):
    """Everything of the office is in the thief's hands: the database, both keys, every file."""
    seen = system.seen().checkpoint
    with guards_down(system.county) as conn:
        rewrite(conn, system.paid, another_amount)
        conn.execute(update(audit_index).values(
            leaf=select(entry.leaf).where(entry.chain == audit_index.c.chain, entry.seq == audit_index.c.seq)
            .scalar_subquery()
        ))  # fmt: skip
    assert system.verified() == [], "the database alone cannot tell any more"
    for memory in ("log/tile", "sequencer"):
        shutil.rmtree(system.home / memory)
    system.restart()
    assert isinstance(system.turn()[audit.LOG], Contradiction)
    (system.home / "log/checkpoint").unlink()
    shutil.rmtree(system.home / "log/tile")
    with guards_down(system.county) as conn:
        rewrite_ticks(conn, system)
    system.restart()
    assert system.turn() == {}, "nothing in the office contradicts the new history any more"
    assert not (system.home / "log/checkpoint").exists(), "and yet nothing of it can be published"
    for witness in system.witnesses:
        assert witness.seen(seen.origin) == seen and list((witness.folder / "evidence").iterdir())
    assert all("422" in one.reason for one in contacts(system.home / "sequencer").values())


def test_23_an_entry_without_the_applications_key_is_found(system):
    seq = forced(system)
    assert system.verified() == [(system.waiting.id, seq, "unsigned")]
    assert system.turn() == {}, "the sequencer takes it in, and whoever reads the log finds it"
    assert (system.checked().codes, system.mirrored().codes) == (["unsigned"], ["unsigned"])


def test_24_a_stolen_key_counts_no_longer_after_its_revocation(system):
    county = system.county
    stolen = county.house.vault.signer()
    rotation.rotate_application(county.house.sequencer(), county.clock.at)
    with county.house.engine.begin() as conn:
        keyring.revoke(conn, county.house.vault, stolen.key.id, "stolen", county.clock.at)
    assert system.turn() == {} and system.checked().status == SOUND
    seq = forced(system, stolen)
    assert system.turn() == {}
    assert system.verified() == [(system.waiting.id, seq, "key")]
    assert (system.checked().codes, system.mirrored().codes) == (["key-revoked"], ["key-revoked"])


def test_25_a_clock_set_back_is_found_by_the_ticks(system):
    clock = system.county.clock
    for _ in range(2):
        clock.forward(days=20)
        assert system.turn() == {}
    assert system.checked().status == SOUND
    clock.forward(days=-30)
    clerk = system.county.staff["vlia1"]
    clerk.files(*system.county.household())
    clock.forward(days=30)
    assert system.turn() == {}
    assert set(system.checked().codes) == set(system.mirrored().codes) == {"time-early"}


def test_26_a_late_entry_is_reported_with_both_times(system):
    """The clock set back for one step, so as to have kept the limit: the case's last entry is later."""
    clock, case = system.county.clock, system.waiting
    clock.forward(days=-5)
    claimed = clock.at
    system.county.staff["capr"].signs_decision(case)
    clock.forward(days=5)
    assert case.entries[-1]["late"] is True
    assert system.turn() == {}
    found = system.checked(system.bundle(case))
    assert found.status == SOUND
    utc = (claimed - claimed.utcoffset()).strftime("said to be of %Y-%m-%dT%H:%M:%S")
    assert any("entered late" in line and utc in line for line in found.lines)


def test_27_another_opening_is_found(system):
    seq, vault = with_vault(system), system.county.house.vault
    with system.county.house.reader.connect() as conn:
        fields = audit.openings(conn, vault, system.paid.id, seq)
    with system.owned() as conn:
        conn.execute(delete(audit_vault).where(sealed_in(system.paid, seq)))
        vault.keep(conn, system.paid.id, seq, vault.seal(dict.fromkeys(fields, "另一个值")).plain)
    assert system.verified() == [(system.paid.id, seq, "MISMATCH")]
    assert "MISMATCH" in system.checked(system.bundle(system.paid)).codes


def test_28_a_vault_row_deleted_without_erasure_is_withheld(system):
    """The database lets values be deleted, for the law asks for it; the missing entry gives it away."""
    seq = with_vault(system)
    with system.county.house.engine.begin() as conn:
        conn.execute(delete(audit_vault).where(sealed_in(system.paid, seq)))
    assert system.verified() == [(system.paid.id, seq, "WITHHELD")]
    assert "WITHHELD" in system.checked(system.bundle(system.paid)).codes


def test_29_a_salt_used_twice_is_found(system):
    """A vault whose randomness has run dry."""
    lengths = cycle([b"\x07"])
    system.county.house.vault._random = lambda length: next(lengths) * length
    system.county.staff["capr"].signs_decision(system.waiting)
    assert "salt" in {code for _, _, code in system.verified()}


def place_of(case, node):
    return next(one["seq"] for one in case.entries if one["task"] and one["task"]["node"] == node)


def test_31_a_transition_that_the_diagram_does_not_have_is_found_by_replay(system):
    """From the village straight to the county, with every key: the chain of the case fits."""
    gone, to = place_of(system.waiting, "record_review") + 1, place_of(system.waiting, "decide")

    def straight_to_the_county(entries):
        del entries[gone:to]

    with system.owned() as conn:
        rewrite_shorter(conn, system, straight_to_the_county)
    difference = replayed(system, system.waiting)
    assert difference.seq == gone and "not open" in difference.what.en


def rewrite_shorter(conn, system, change):
    """As `rewrite`, where entries are taken out: what is left over is deleted."""
    rewrite(conn, system.waiting, change)
    seq = conn.scalar(select(audit_head.c.seq).where(audit_head.c.chain == system.waiting.id))
    conn.execute(delete(audit_entry).where(entry.chain == system.waiting.id, entry.seq > seq))


def test_32_one_officer_who_examines_and_decides_is_found_by_replay(system):
    examined, decides = place_of(system.paid, "examine_file"), place_of(system.paid, "decide")

    def same_person(entries):
        entries[decides]["actor"]["id"] = entries[examined]["actor"]["id"]

    with guards_down(system.county) as conn:
        rewrite(conn, system.paid, same_person)
    difference = replayed(system, system.paid)
    assert difference.seq == decides and "examine_file" in difference.what.en


def test_33_a_diagram_swapped_under_the_same_version_is_found(system):
    book, path = system.county.house.rules().rulebook, "flows/sub_county_decision.bpmn"
    swapped = book.files[path].replace(b'name="role" value="CAPR"', b'name="role" value="VLIA"')
    with system.county.house.engine.begin() as conn:
        conn.execute(update(RuleFile).where(RuleFile.sha256 == book.manifest[path]).values(content=swapped))
    difference = replayed(system, system.paid)
    assert difference.seq == 0 and "not what was released" in difference.what.en
    assert "rules-other" in system.checked(system.bundle(system.paid)).codes


def test_a_receipt_of_a_paid_case_is_sound_and_its_copies_are_not(system):
    """Sound; of another case; altered; under a checkpoint that nobody has cosigned."""
    case = system.paid
    order = system.county.rows(Outbox, Outbox.kind == "payment_order")[0].payload["seq"]
    with system.county.house.reader.connect() as conn:
        text_of = proof_of(conn, case.id, order)
        mine, other = stored(conn, case, order).bytes, stored(conn, system.waiting, 3).bytes
    assert system.county.rows(Payment, Payment.case_id == case.id)
    path, encoded = system.folder / "receipt.tlog-proof", system.folder / "entry.json"
    encoded.write_bytes(mine)
    path.write_text(text_of)
    sound = system.checked(path, "--entry", str(encoded))
    assert sound.status == SOUND and f"hash {leaf_hash(mine).hex()}" in sound.lines[0]
    encoded.write_bytes(other)
    foreign = system.checked(path, "--entry", str(encoded))
    assert (foreign.status, foreign.codes) == (FAULTY, ["proof-root"])
    number = text_of.split("index ")[1].split("\n")[0]
    for altered, status, code in (
        (text_of.replace(f"index {number}", f"index {int(number) - 1}"), FAULTY, "proof-root"),
        (text_of.replace(f"index {number}", "index 9999"), FAULTY, "proof-outside"),
        (text_of.rsplit("— finance", 1)[0], FAULTY, "witness-missing"),
        (text_of[: len(text_of) // 2], UNCHECKABLE, "note-form"),
    ):
        path.write_text(altered)
        found = system.checked(path)
        assert (found.status, found.codes) == (status, [code]), altered
