"""The evidence of a case leaves the house as one file that anybody can check and nobody can change."""

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner
from house_templates import guards_down, opened
from pages.desks import at_the_desk
from published_log import ARCHIVE, FINANCE, INSPECTION, Hand, pack
from small_county import CaseFile, SetClock, SmallCounty
from sqlalchemy import delete, update

import audit
from audit import index
from audit.checker import mingjian_check as check
from audit.checker.mingjian_check import FAULTY, PARTLY, SOUND, UNCHECKABLE
from audit.checkpoint import Checkpoint
from audit.note import Note, cosign
from audit.tables import audit_vault
from workflow.cli import mingjian
from workflow.demo.staff import PASSWORD
from workflow.errors import AnswersRefused, NotAllowed
from workflow.evidence import handing_out
from workflow.evidence.bundle import CHECKER, write_bundle
from workflow.evidence.handing_out import hand_out
from workflow.evidence.replaying import BundleRefused, replay_bundle
from workflow.store.models import Calculation, Letter, Paper

REASON = "信访件要求核查"


def checkpoint_file(county, log=""):
    return county.house.home / "log" / log / "checkpoint"


def cosigned(county, *witnesses: Hand):
    """The published checkpoints of both logs as they are once these have signed them."""
    seconds = int((county.clock.at + timedelta(minutes=1)).timestamp())
    for log in ("", "reads"):
        path = checkpoint_file(county, log)
        note = Note.parse(path.read_bytes())
        path.write_bytes(bytes(note.adding(cosign(note.text, hand, seconds) for hand in witnesses)))


def policy_for(county, folder):
    """What the inspection keeps: the logs' keys, its own witness, and one of finance or archive."""
    notes = [Note.parse(checkpoint_file(county, log).read_bytes()) for log in ("", "reads")]
    origins = [Checkpoint.parse(note.text).origin for note in notes]
    keys = json.loads((county.house.home / "log" / "keys.json").read_bytes())["keys"]
    log, reads = (next(key["vkey"] for key in keys if key["vkey"].startswith(f"{one}+")) for one in origins)
    path = folder / "policy"
    path.write_text(
        f"log {log}\nlog {reads}\nwitness jjjc {INSPECTION.key.vkey}\nwitness czj {FINANCE.key.vkey}\n"
        f"witness daj {ARCHIVE.key.vkey}\ngroup other any czj daj\ngroup both all jjjc other\nquorum both\n"
    )
    return path


def handed_out(county, case, path, by="insp", reason=REASON):
    with open(path, "w+b") as file:
        hand_out(county.house, county.staff[by].actor, case.id, reason, file, county.clock.at, "0" * 32)
    return path


def bundled(county, case, path, by="insp"):
    """The bundle without another export in the log."""
    with county.house.reader.connect() as conn, open(path, "w+b") as file:
        write_bundle(county.house, conn, county.staff[by].actor, case.id, file, county.clock.at)
    return path


def report_of(capsys, *arguments):
    capsys.readouterr()
    status = check.main([*map(str, arguments), "--json"])
    found = json.loads(capsys.readouterr().out)
    return status, found


def codes(capsys, *arguments):
    status, found = report_of(capsys, *arguments)
    return status, [line["code"] for line in found["lines"] if line["mark"] in ("bad", "gap")]


def told(found, code):
    return next(line["en"] for line in found["lines"] if line["code"] == code)


def unpacked(path):
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


@dataclass
class Handed:
    """A whole case, its bundle and the inspection's policy."""

    county: SmallCounty
    case: CaseFile
    path: object
    policy: object
    files: dict


@pytest.fixture(scope="module")
def handed(template, tmp_path_factory):
    """One case from the village to the archive on SQLite, bundled and cosigned."""
    folder = tmp_path_factory.mktemp("evidence")
    clock = SetClock()
    url = template.copy("sqlite", folder / "home")
    house = opened(template, url, folder / "home", clock)
    county = SmallCounty(house, clock)
    case = county.drive(county.staff["vlia1"].files(*county.household()), "archive_case", {})
    clock.forward(days=60)
    county.night()
    assert case.entries[-1]["type"] == "alarm_raised", "the newest entry seals nothing"
    handed_out(county, case, folder / "first.zip")
    cosigned(county, INSPECTION, FINANCE)
    path = bundled(county, case, folder / "case.zip")
    yield Handed(county, case, path, policy_for(county, folder), unpacked(path))
    house.close()


@pytest.fixture
def changed(handed, tmp_path):
    """`changed(change)`: the bundle after `change(files)`, checked with the policy."""

    def make(change, honest=True):
        files = dict(handed.files)
        change(files)
        return pack(files, tmp_path / "changed.zip", honest)

    return make


# What is in it


def test_the_evidence_of_a_whole_case_is_sound_for_somebody_who_has_only_the_file(
    county, case_at, tmp_path, capsys
):
    case = case_at("archive_case")
    handed_out(county, case, tmp_path / "first.zip")
    cosigned(county, INSPECTION, FINANCE)
    path, policy = bundled(county, case, tmp_path / "case.zip"), policy_for(county, tmp_path)
    assert codes(capsys, path, "--witness-policy", policy) == (SOUND, [])
    _, found = report_of(capsys, path, "--witness-policy", policy)
    assert told(found, "entries").startswith(f"{len(case.entries)} entries (0 to {len(case.entries) - 1})")
    assert "0 MISMATCH, 0 ERASED, 0 closed to this reader, 0 WITHHELD" in told(found, "openings")
    assert told(found, "letters") == f"{len(case.letters)} letters are those whose fingerprints are sealed"
    assert told(found, "calculations").startswith(f"{len(case.calculations)} ")
    assert "cosigned by jjjc, czj" in told(found, "witnessed")
    replayed = replay_bundle(path)
    assert (replayed.difference, replayed.entries) == (None, len(case.entries))
    assert replayed.number == case.row.number and replayed.commands > 20


def test_the_export_stands_in_the_log_before_the_file_is_there(county, case_at, inspector, tmp_path):
    case = case_at("check_papers")
    handed_out(county, case, tmp_path / "case.zip")
    exported = case.reads[-1]
    assert (exported["type"], exported["vars"]["what"]) == ("file_exported", "bundle")
    assert exported["actor"]["id"] == inspector.actor.account_id
    with county.house.reader.connect() as conn:
        chain, seq = audit.chain_of(case.id, audit.READS), exported["seq"]
        assert audit.openings(conn, county.house.vault, chain, seq)["reason"].value == REASON
        tree = index.trees(conn)[audit.READS][0]
        assert index.places(conn, tree, [(chain, seq)]), "and has its place already"


def test_the_checker_inside_checks_it_on_a_machine_without_mingjian(handed, tmp_path):
    with zipfile.ZipFile(handed.path) as bundle:
        bundle.extractall(tmp_path)
    command = [sys.executable, "-I", "-S", "mingjian_check.py", str(handed.path)]
    done = subprocess.run(
        [*command, "--witness-policy", str(handed.policy)],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (SOUND, "")
    assert done.stdout.rstrip().endswith("结论：核对通过（错误0项，未核对0项）")
    text = (tmp_path / "README.txt").read_text(encoding="utf-8")
    assert hashlib.sha256(CHECKER.read_bytes()).hexdigest() in text and handed.case.row.number in text


def test_an_unpacked_bundle_is_checked_as_well(handed, tmp_path, capsys):
    with zipfile.ZipFile(handed.path) as bundle:
        bundle.extractall(tmp_path / "case")
    assert codes(capsys, tmp_path / "case", "--witness-policy", handed.policy) == (SOUND, [])
    (tmp_path / "case" / "papers" / "extra").symlink_to("/etc/hostname")
    assert "file-other" in codes(capsys, tmp_path / "case", "--witness-policy", handed.policy)[1]


def test_the_same_case_gives_the_same_bytes(handed, tmp_path):
    again = bundled(handed.county, handed.case, tmp_path / "again.zip")
    assert again.read_bytes() == handed.path.read_bytes()


def test_letters_can_be_read_without_any_program(handed):
    letters = [content.decode() for name, content in handed.files.items() if name.startswith("letters/")]
    assert any("4,875.00元" in text and "复核" in text for text in letters)


def test_without_a_policy_the_signatures_prove_nothing_and_that_is_said(handed, capsys):
    assert codes(capsys, handed.path) == (PARTLY, ["no-policy", "no-times"])


def test_a_log_that_was_never_published_leaves_the_entries_unproved(county, case_at, tmp_path, capsys):
    case = case_at("check_papers")
    path = bundled(county, case, tmp_path / "case.zip")
    status, found = codes(capsys, path)
    assert (status, found) == (PARTLY, ["not-included", "no-policy", "no-keys", "no-times"])


def test_entries_newer_than_the_checkpoint_are_named(handed, changed, capsys):
    def strip(files):
        del files[f"entries/{len(handed.case.entries) - 1:06d}.tlog-proof"]

    status, found = codes(capsys, changed(strip), "--witness-policy", handed.policy)
    assert (status, found) == (PARTLY, ["not-included"])


# Who may have it, and what stays closed


def test_only_those_who_check_others_may_take_evidence_away(county, case_at, tmp_path):
    case = case_at("check_papers")
    for login in ("chnd", "sup1", "adm", "vlia1"):
        with pytest.raises(NotAllowed):
            handed_out(county, case, tmp_path / "none.zip", by=login)
    assert [entry["type"] for entry in case.reads] == ["attempt_refused"] * 4
    assert (tmp_path / "none.zip").read_bytes() == b""


def test_nobody_takes_evidence_away_without_saying_why(county, case_at, tmp_path):
    case = case_at("check_papers")
    with pytest.raises(AnswersRefused, match="4 are the least"):
        handed_out(county, case, tmp_path / "none.zip", reason=" 查 ")


def test_an_auditor_gets_the_log_and_the_sums_but_no_names(county, case_at, tmp_path, capsys):
    case = case_at("decide")
    inspector = county.staff["insp"].actor
    auditor = county.second_seat("insp", "AUD", "360829-audit")
    county.staff = {**county.staff, "aud": auditor}
    assert inspector.account_id == auditor.actor.account_id
    handed_out(county, case, tmp_path / "case.zip", by="aud")
    files = unpacked(tmp_path / "case.zip")
    person = case.row.applicant_id
    everything = b"".join(content for name, content in files.items() if not name.startswith("rules/"))
    assert "欧阳福根".encode() not in everything and person
    kinds = {name.split("/")[0] for name in files}
    assert "calculations" in kinds and not kinds & {"papers", "letters", "reads"}
    status, found = report_of(capsys, tmp_path / "case.zip")
    assert status == PARTLY and found["counts"]["bad"] == 0
    opened = {field for name in files if name.startswith("openings/") for field in json.loads(files[name])}
    assert opened == {"sheet.0"} and "0 WITHHELD" in told(found, "openings")


# Who has looked at the case


def test_the_bundle_says_who_looked_at_the_case_under_the_checkpoint_of_the_log_of_reads(handed, capsys):
    names = [name for name in handed.files if name.startswith("reads/entries/") and name.endswith(".json")]
    entries = [json.loads(handed.files[name]) for name in sorted(names)]
    assert [entry["type"] for entry in entries] == [entry["type"] for entry in handed.case.reads]
    assert entries[-1]["vars"]["what"] == "bundle", "the export itself"
    assert REASON.encode() not in b"".join(handed.files[name] for name in names)
    status, found = report_of(capsys, handed.path, "--witness-policy", handed.policy)
    assert status == SOUND and told(found, "reads").startswith(
        f"who looked at the case or was refused: {len(names)} entries stand in the log of reads"
    )
    assert "the log of reads has them" in " ".join(limit["en"] for limit in found["limits"])


def altered_read(files):
    name = "reads/entries/000000.json"
    files[name] = files[name].replace(b'"role":"', b'"role":"X', 1)


def read_taken_out(files):
    for ending in ("json", "sig", "tlog-proof"):
        del files[f"reads/entries/000000.{ending}"]
    for ending in ("json", "sig", "tlog-proof"):
        files[f"reads/entries/000001.{ending}"] = files[f"entries/000001.{ending}"]


def entries_as_reads(files):
    for name in [one for one in files if one.startswith("reads/")]:
        del files[name]
    for name in [one for one in files if one.startswith(("entries/", "log/"))]:
        files[f"reads/{name}"] = files[name]


@pytest.mark.parametrize(
    ("change", "code"),
    [(altered_read, "proof-root"), (read_taken_out, "chain-gap"), (entries_as_reads, "reads-log")],
)
def test_looks_that_were_changed_taken_out_or_made_up_are_found(handed, changed, capsys, change, code):
    status, found = report_of(capsys, changed(change), "--witness-policy", handed.policy)
    wrong = {line["code"]: line["en"] for line in found["lines"] if line["mark"] == "bad"}
    assert status == FAULTY and wrong[code].startswith("reads")
    assert "reads" not in {line["code"] for line in found["lines"]}


def test_looks_under_a_key_that_the_policy_does_not_know_are_not_said_to_be_checked(handed, tmp_path, capsys):
    lines = handed.policy.read_text().splitlines(keepends=True)
    narrow = tmp_path / "narrow"
    narrow.write_text("".join([lines[0], *lines[2:]]))
    assert codes(capsys, handed.path, "--witness-policy", narrow) == (PARTLY, ["reads-unknown"])


# What is found


def at(seq, ending="json"):
    return f"entries/{seq:06d}.{ending}"


def flip(files):
    files[at(3)] = files[at(3)].replace(b'"seq":3', b'"seq":3', 1).replace(b'"to":"', b'"to":"X', 1)


def remove(seq):
    def change(files):
        for ending in ("json", "sig", "tlog-proof"):
            del files[at(seq, ending)]

    return change


def swap(files):
    for ending in ("json", "sig", "tlog-proof"):
        files[at(2, ending)], files[at(3, ending)] = files[at(3, ending)], files[at(2, ending)]


def repeat(files):
    last = max(name for name in files if name.startswith("entries/") and name.endswith(".json"))
    for ending in ("json", "sig", "tlog-proof"):
        files[at(int(last[8:14]) + 1, ending)] = files[last[:-4] + ending]


def strip_witness(files):
    for name, content in files.items():
        if name.endswith(".tlog-proof"):
            lines = content.decode().split("\n")
            files[name] = "\n".join(line for line in lines if FINANCE.name not in line).encode()


def larger(files):
    for name, content in files.items():
        if name.endswith(".tlog-proof"):
            head, _, note = content.decode().partition("\n\n")
            origin, size, rest = note.split("\n", 2)
            files[name] = f"{head}\n\n{origin}\n{int(size) + 1}\n{rest}".encode()


def first(files, folder, ending=""):
    return min(name for name in files if name.startswith(folder) and name.endswith(ending))


def one_opening(files, change):
    name = first(files, "openings/")
    openings = json.loads(files[name])
    change(openings)
    files[name] = json.dumps(openings).encode()


def opening(change):
    """Change the openings of the first entry that has any."""
    return lambda files: one_opening(files, change)


def openings_are(content):
    return lambda files: files.update({first(files, "openings/"): content})


def value_of_first(openings):
    openings[min(openings)][1] = "另一个值"


def salt_of_first(openings):
    openings[min(openings)][0] = "00" * 32


def drop_first(openings):
    del openings[min(openings)]


def all_salts_alike(openings):
    salt = openings[min(openings)][0]
    for opening in openings.values():
        opening[0] = salt


def diagram(files):
    name = next(name for name in files if name.endswith("flows/sub_county_decision.bpmn"))
    files[name] = files[name].replace(b'value="CAPR"', b'value="VLIA"')


def a_letter(files):
    name = first(files, "letters/", ".json")
    files[name] = files[name].replace(b'"year":2026', b'"year":2027')


def a_sheet(files):
    name = first(files, "calculations/")
    files[name] = files[name].replace(b"4875.00", b"9875.00")


def only(prefix):
    return lambda files: [files.pop(name) for name in list(files) if name.startswith(prefix)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(flip, {"proof-root", "chain-prev"}, id="01 a byte of an entry"),
        pytest.param(swap, {"entry-place"}, id="03 two entries swapped"),
        pytest.param(remove(3), {"chain-gap"}, id="04 an entry removed"),
        pytest.param(remove(0), {"chain-gap"}, id="04 the first entry removed"),
        pytest.param(only("entries/"), {"no-entries"}, id="04 no entry left"),
        pytest.param(larger, {"signature"}, id="06 the size of the checkpoint"),
        pytest.param(strip_witness, {"witness-missing"}, id="08 a cosignature stripped"),
        pytest.param(repeat, {"entry-place"}, id="30 an entry repeated"),
        pytest.param(opening(value_of_first), {"MISMATCH", "openings"}, id="27 another value"),
        pytest.param(opening(salt_of_first), {"MISMATCH", "openings"}, id="27 another salt"),
        pytest.param(
            opening(lambda given: given.update(hidden=["00" * 32, 1])), {"MISMATCH", "openings"},
            id="27 a value nobody committed to",
        ),
        pytest.param(opening(drop_first), {"WITHHELD", "openings"}, id="28 a value held back"),
        pytest.param(only("openings/"), {"WITHHELD", "openings"}, id="28 all values held back"),
        pytest.param(
            opening(all_salts_alike), {"salt-twice", "MISMATCH", "openings"}, id="29 a salt reused"
        ),
        pytest.param(diagram, {"rules-other", "diagram-other"}, id="33 the diagram swapped"),
        pytest.param(only("rules/"), {"rules-missing"}, id="33 the rules gone"),
        pytest.param(
            lambda f: f.update({first(f, "papers/"): b"another paper"}), {"file-stranger", "paper-missing"},
            id="a paper exchanged",
        ),
        pytest.param(lambda f: f.pop(first(f, "papers/")), {"paper-missing"}, id="a paper gone"),
        pytest.param(a_letter, {"letters-missing", "file-stranger"}, id="a letter rewritten"),
        pytest.param(a_sheet, {"file-stranger"}, id="a sheet rewritten"),
        pytest.param(lambda f: f.pop(at(3, "sig")), {"signature"}, id="23 a signature gone"),
        pytest.param(only("log/"), {"key-unknown"}, id="24 the keys' entries gone"),
        pytest.param(
            lambda f: f.update({"log/000000000099.json": f[first(f, "log/", ".json")]}), {"file-missing"},
            id="an entry of the log without its receipt",
        ),
        pytest.param(
            lambda f: f.update({
                "log/000000000099.json": f[first(f, "log/", ".json")],
                "log/000000000099.tlog-proof": f[first(f, "log/", ".tlog-proof")],
            }), {"entry-place"},
            id="an entry of the log at another place",
        ),
        pytest.param(openings_are(b"{}{"), {"not-json"}, id="40 junk openings"),
        pytest.param(openings_are(b'{"a":[1,2]}'), {"openings-form"}, id="40 odd ones"),
        pytest.param(
            lambda f: f.update({at(5, "tlog-proof"): b"c2sp.org/tlog-proof@v1\nindex 1\n\n"}), {"note-form"},
            id="40 a receipt cut short",
        ),
    ],
)  # fmt: skip
def test_whatever_was_changed_is_named(handed, changed, capsys, change, expected):
    path = changed(change)
    status, found = codes(capsys, path, "--witness-policy", handed.policy)
    assert (status, expected - set(found)) == (FAULTY, set()), found


def test_a_file_that_differs_from_the_list_is_named(handed, changed, capsys):
    path = changed(lambda files: files.update({"README.extra": b"x"}), honest=False)
    assert codes(capsys, path, "--witness-policy", handed.policy) == (FAULTY, ["file-other"])
    path = changed(lambda files: files.pop("checkpoint"), honest=False)
    assert codes(capsys, path, "--witness-policy", handed.policy) == (FAULTY, ["file-missing"])


def test_what_the_office_says_it_left_out_is_told_and_no_fault(handed, changed, capsys):
    def leave_out(files):
        name = first(files, "papers/")
        manifest = json.loads(files["manifest.json"])
        manifest["left_out"] = [hashlib.sha256(files.pop(name)).hexdigest()]
        files["manifest.json"] = json.dumps(manifest).encode()

    status, found = report_of(capsys, changed(leave_out), "--witness-policy", handed.policy)
    assert status == SOUND
    assert told(found, "papers-left-out") == "1 papers were left out of the bundle"


def test_a_case_cut_off_at_its_end_is_sound_in_itself_and_the_report_says_what_it_cannot_see(
    handed, changed, capsys
):
    """04: the newest entries removed from the bundle. The mirror, which counts them, finds it."""
    last = len(handed.case.entries) - 1
    status, found = report_of(capsys, changed(remove(last)), "--witness-policy", handed.policy)
    assert status == SOUND
    assert any("later entries" in limit["en"] and "mirror" in limit["en"] for limit in found["limits"])


# What is no bundle


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda content: content[:-1], "zip"),
        (lambda content: content[: len(content) // 2], "zip"),
        (lambda content: b"", "zip"),
        (lambda content: b"PK\x05\x06" + bytes(18), "file-missing"),
        (lambda content: b"PK\x05\x06" + bytes(6) + b"\xff\xff" + bytes(10), "bundle-large"),
        (lambda content: b"PK\x05\x06" + bytes(8) + b"\xff\xff\xff\x7f" + bytes(6), "bundle-large"),
        (lambda content: content.replace(b"PK\x01\x02", b"PK\x01\x03"), "zip"),
        (lambda content: content.replace(b"manifest.json", b"manifest.jsom"), "file-missing"),
        (lambda content: content.replace(b"checkpoint", b"../kpointx"), "zip-names"),
        (lambda content: content.replace(b"checkpoint", b"check\\oint"), "zip-names"),
        (lambda content: content.replace(b"checkpoint", b"/heckpoint"), "zip-names"),
    ],
)
def test_40_what_is_no_whole_zip_file_is_not_checked_and_not_sound(handed, tmp_path, capsys, spoil, code):
    path = tmp_path / "spoiled.zip"
    path.write_bytes(spoil(handed.path.read_bytes()))
    assert codes(capsys, path, "--witness-policy", handed.policy) == (UNCHECKABLE, [code])


def zipped(path, files, how=zipfile.ZIP_DEFLATED, flags=0):
    with zipfile.ZipFile(path, "w", how) as bundle:
        for name, content in files:
            bundle.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        (b"", "not-json"),
        (b"[]", "manifest-format"),
        (b'{"format":"mingjian-bundle/2"}', "manifest-format"),
        (b'{"format":"mingjian-bundle/1"}', "manifest-lacks"),
        (b"[" * 100_000, "not-json"),
        (b'{"a":' * 100_000, "not-json"),
        (b'"' + b"x" * 17_000_000 + b'"', "too-large"),
        (b"[" + b"9" * 100_000 + b"]", "integer"),
    ],
)
def test_40_a_manifest_that_is_none_ends_with_a_reason(tmp_path, capsys, manifest, code):
    path = zipped(tmp_path / "x.zip", [("manifest.json", manifest)])
    assert codes(capsys, path, "--seconds", "60") == (UNCHECKABLE, [code])


def test_40_a_bomb_and_other_packings_are_refused(tmp_path, capsys, handed, monkeypatch):
    parts = {"case": "x", "files": {}, "closed": {}, "left_out": [], "log_keys": []}
    manifest = json.dumps({"format": "mingjian-bundle/1", **parts}).encode()
    monkeypatch.setattr(check, "MEMBER", 1_000_000)
    bomb = zipped(tmp_path / "bomb.zip", [("manifest.json", manifest), ("papers/zeros", bytes(50_000_000))])
    assert bomb.stat().st_size < 100_000
    assert codes(capsys, bomb) == (UNCHECKABLE, ["too-large"])
    twice = io.BytesIO()
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(twice, "w") as bundle:
        bundle.writestr("manifest.json", manifest)
        bundle.writestr("manifest.json", manifest)
    (tmp_path / "twice.zip").write_bytes(twice.getvalue())
    assert codes(capsys, tmp_path / "twice.zip") == (UNCHECKABLE, ["zip-names"])
    other = zipped(tmp_path / "other.zip", [("manifest.json", manifest)], zipfile.ZIP_LZMA)
    assert codes(capsys, other) == (UNCHECKABLE, ["zip-packed"])
    monkeypatch.setattr(check, "MEMBERS", 2)
    assert codes(capsys, handed.path) == (UNCHECKABLE, ["bundle-large"])
    (tmp_path / "folder").mkdir()
    for number in range(3):
        (tmp_path / "folder" / f"{number}").write_bytes(b"")
    (tmp_path / "folder" / "manifest.json").write_bytes(manifest)
    assert codes(capsys, tmp_path / "folder") == (UNCHECKABLE, ["bundle-large"])


def test_40_a_packed_file_that_is_damaged_is_named(tmp_path, capsys):
    path = zipped(tmp_path / "x.zip", [("manifest.json", b'{"format":"mingjian-bundle/1"}' * 50)])
    content = bytearray(path.read_bytes())
    content[50] ^= 0xFF
    path.write_bytes(content)
    assert codes(capsys, path) == (UNCHECKABLE, ["unreadable"])


# Tampering with the running system before the bundle is made


@pytest.mark.tampers
def test_a_letter_or_a_sheet_changed_in_the_database_no_longer_fits_its_entry(
    county, case_at, tmp_path, capsys
):
    case = case_at("archive_case")
    decision = case.letters["approval_decision"]
    with county.house.engine.begin() as conn:
        fields = {**decision.fields, "aid": "9875.00"}
        conn.execute(update(Letter).where(Letter.id == decision.id).values(fields=fields))
        conn.execute(update(Calculation).where(Calculation.case_id == case.id).values(aid=Decimal(9875)))
    handed_out(county, case, tmp_path / "case.zip")
    found = codes(capsys, tmp_path / "case.zip")[1]
    assert {"letters-missing", "calculations-missing", "file-stranger"} <= set(found)


@pytest.mark.tampers
def test_28_a_vault_row_or_key_deleted_without_erasure_is_withheld(county, case_at, tmp_path, capsys):
    case = case_at("enquire")
    with guards_down(county) as conn:
        conn.execute(delete(audit_vault).where(audit_vault.c.chain == case.id, audit_vault.c.seq == 0))
    handed_out(county, case, tmp_path / "case.zip")
    assert "WITHHELD" in codes(capsys, tmp_path / "case.zip")[1]
    with guards_down(county) as conn:
        conn.execute(update(audit_vault).where(audit_vault.c.chain == case.id).values(sealed=b"\x00" * 40))
    bundled(county, case, tmp_path / "case.zip")
    assert not any(name.startswith("openings/") for name in unpacked(tmp_path / "case.zip"))


@pytest.mark.tampers
def test_a_paper_that_is_gone_or_altered_in_the_store_is_missing(county, case_at, tmp_path, capsys):
    case = case_at("check_papers")
    sha = county.rows(Paper, Paper.case_id == case.id)[0].sha256
    county.house.files.path(sha).unlink()
    county.house.files.path(sha).write_bytes(b"other")
    handed_out(county, case, tmp_path / "case.zip")
    assert codes(capsys, tmp_path / "case.zip")[1] == ["no-policy", "no-times", "paper-missing"]


# Replay from the bundle


def test_a_replay_from_the_bundle_names_the_step_that_departs(handed, changed):
    assert replay_bundle(handed.path).difference is None
    seq = next(
        entry["seq"] for entry in handed.case.entries
        if entry["task"] and entry["task"]["node"] == "record_review"
    )  # fmt: skip

    def turn(files):
        entry = json.loads(files[at(seq)])
        entry["vars"]["answers"]["votes_yes"], entry["vars"]["answers"]["votes_no"] = 1, 30
        files[at(seq)] = audit.canonical.encode(entry)

    assert replay_bundle(changed(turn)).difference.seq == seq
    assert replay_bundle(changed(diagram)).difference.seq == 0, "33: the diagram is not that of the digest"
    assert replay_bundle(changed(only("rules/"))).difference.seq == 0


@pytest.mark.parametrize("content", [b"", b"junk", None])
def test_what_is_no_bundle_is_not_replayed(handed, changed, tmp_path, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content or b"")
    if content is None:
        path = changed(lambda files: files.update({"manifest.json": b'{"case":"x"}'}), honest=False)
    with pytest.raises(BundleRefused, match="cannot be read"):
        replay_bundle(path)


# The command


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_commands_hand_out_and_replay(county, case_at, tmp_path, monkeypatch):
    case = case_at("check_papers")
    home = ["--home", str(county.house.home)]
    out = tmp_path / "case.zip"

    def run(program, words, password=PASSWORD):
        return CliRunner().invoke(program, words, input=f"{password}\n")

    wanted = ["audit", "bundle", case.row.number, str(out), "--reason", REASON]
    assert run(mingjian, [*home, *wanted, "--as", "chnd"]).exit_code == 2
    assert run(mingjian, [*home, *wanted, "--as", "insp"], password="not the word").exit_code == 1
    assert not out.exists()
    done = run(mingjian, [*home, *wanted, "--as", "insp"])
    assert (done.exit_code, "已写入" in done.output) == (0, True), done.output
    assert out.stat().st_mode & 0o077 == 0
    replayed = run(mingjian, ["replay", "--bundle", str(out), "--json"])
    assert replayed.exit_code == 0 and json.loads(replayed.stdout)[0]["identical"]
    assert run(mingjian, ["replay", "--bundle", str(out), "--all"]).exit_code == 2
    monkeypatch.setattr(handing_out, "write_bundle", fail)
    assert run(mingjian, [*home, *wanted, "--as", "insp"]).exit_code == 1
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != "") == ["case.zip"]


def fail(*arguments):
    raise OSError("disk full")


def test_a_machine_that_does_not_publish_waits_for_the_one_that_does(county, case_at, tmp_path, monkeypatch):
    case = case_at("check_papers")
    monkeypatch.setattr(handing_out.time, "sleep", lambda seconds: None)
    shutil.rmtree(county.house.home / "log", ignore_errors=True)

    class Elsewhere:
        def round(self):
            raise handing_out.NotHere("the key is elsewhere")

    monkeypatch.setattr(type(county.house), "sequencer", lambda house: Elsewhere())
    handed_out(county, case, tmp_path / "case.zip")
    assert not any(name.endswith(".tlog-proof") for name in unpacked(tmp_path / "case.zip"))


# The page


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_inspector_takes_the_evidence_away_on_a_page(county, case_at, tmp_path, capsys):
    case = case_at("check_papers")
    inspector = at_the_desk(county, "insp")
    page = inspector.opens(f"/cases/{case.id}/evidence")
    assert "导出理由" in page.words and "个人信息" in page.words
    refused = inspector.submits(page, reason="查")
    assert refused.status == 422 and set(refused.errors()) == {"reason"}
    assert case.reads == []
    typed = {**dict(page.form().form_values()), "reason": REASON}
    with inspector.client.post(page.path, data=typed) as taken:
        assert taken.headers["Content-Disposition"] == f"attachment; filename=mingjian-{case.row.number}.zip"
        (tmp_path / "case.zip").write_bytes(taken.data)
    assert codes(capsys, tmp_path / "case.zip") == (PARTLY, ["no-policy", "no-times"])
    assert [entry["type"] for entry in case.reads] == ["file_exported"]
    assert f"/cases/{case.id}/evidence" in inspector.opens(f"/inspect/{case.id}").links()


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_page_about_checking_says_what_nobody_can_see_and_gives_the_checker(county, case_at):
    case = case_at("check_papers")
    inspector = at_the_desk(county, "insp")
    page = inspector.opens("/inspect/checking")
    assert "看不出来" in page.words and "WITHHELD" in page.words
    assert hashlib.sha256(CHECKER.read_bytes()).hexdigest() in page.words
    with inspector.client.get("/inspect/mingjian_check.py") as got:
        assert got.data == CHECKER.read_bytes()
    handler = at_the_desk(county, "chnd")
    for address in ("/inspect/checking", "/inspect/mingjian_check.py", f"/cases/{case.id}/evidence"):
        assert handler.opens(address).status == 403
    assert f"/cases/{case.id}/evidence" not in handler.opens(f"/cases/{case.id}").links()
