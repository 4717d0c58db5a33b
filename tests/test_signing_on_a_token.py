"""Keys on a token (PKCS#11), with a real SoftHSM: what they sign counts, and a token that is away stops
publishing and nothing else.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from log_office import LOOKED, Office
from pages.desks import at_the_desk
from test_changing_keys import run  # noqa: F401 - fixture

import audit
from audit import rotation, token_key
from audit.keyfile import FileSigner, load_signer
from audit.keys_in_use import in_use
from audit.note import NoteRefused
from audit.private import KeyRefused
from audit.token_key import Place, TokenRefused, TokenSigner

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "482913"
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class SoftToken:
    """A token in a folder that can be taken out and put back."""

    def __init__(self, folder):
        self.folder, self.tokens = folder, folder / "tokens"
        self.tokens.mkdir(parents=True)
        lines = [f"directories.tokendir = {self.tokens}", "objectstore.backend = file", "log.level = ERROR"]
        (folder / "softhsm2.conf").write_text("\n".join([*lines, ""]))
        made = [
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            "mingjian",
            "--pin",
            PIN,
            "--so-pin",
            "1",
        ]
        subprocess.run([*made[:-1], "71395"], check=True, capture_output=True)

    def out(self):
        self.tokens.rename(self.folder / "drawer")
        self.tokens.mkdir()

    def back(self):
        self.tokens.rmdir()
        (self.folder / "drawer").rename(self.tokens)


@pytest.fixture
def token(tmp_path, monkeypatch):
    if not MODULE.exists() or shutil.which("softhsm2-util") is None:
        pytest.skip(f"no SoftHSM at {MODULE}: `make test` installs Debian's softhsm2")
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed: `make test` installs it")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "hsm/softhsm2.conf"))
    made = SoftToken(tmp_path / "hsm")
    token_key._tokens.begin_anew(place())
    token_key._tokens._refused.clear()
    return made


def place(pin="file:log.pin", name="log"):
    return Place(str(MODULE), "mingjian", name, pin)


def write_pin(home, pin=PIN, mode=0o600):
    file = home / "keys/log.pin"
    file.unlink(missing_ok=True)
    file.touch(mode=mode)
    file.write_text(f"{pin}\n")
    file.chmod(mode)


@pytest.fixture
def office(database_url, tmp_path, token):
    office = Office(database_url, tmp_path / "home")
    office.write(2)
    office.round()
    write_pin(office.home)
    yield office
    office.close()


@pytest.fixture
def moved(office):
    """The log of the cases is signed on the token alone."""
    rotation.rotate_tree(office.sequencer, audit.LOG, office.at, place())
    rotation.retire_tree(office.sequencer, audit.LOG, "on the token now", office.at)
    office.write()
    office.round()
    return office


def fault(office):
    return office.sequencer.round()[audit.LOG].fault


def test_a_log_whose_key_moves_to_a_token_is_signed_by_both_and_then_by_the_token(office):
    before = office.policy()
    key = rotation.rotate_tree(office.sequencer, audit.LOG, office.at, place())
    office.write()
    office.round()
    assert before.check(bytes(office.note())), "whoever knows the old key only still knows the log"
    old = rotation.retire_tree(office.sequencer, audit.LOG, "on the token now", office.at)
    office.write()
    office.round()
    note = office.note()
    assert note.signed_by(key) == 0 and note.signed_by(old) is None
    assert isinstance(load_signer(office.home / "keys/log.key"), TokenSigner)
    assert office.tree().size == len(office.entries()) and office.report().ok


def test_entries_are_signed_on_a_token_and_count(office):
    key = rotation.rotate_application(office.sequencer, office.at, place(name="app"))
    office.write(3)
    office.round()
    assert [entry["kid"] for entry in office.entries()][-3:] == [key.id.hex()] * 3
    assert office.report().ok


@only_sqlite
def test_no_file_of_the_office_holds_the_private_half_or_the_pin(moved):
    held = (moved.home / "keys/log.key").read_text()
    assert PIN not in held and "PRIVATE" not in held
    assert (moved.home / "keys/log.key").stat().st_mode & 0o077 == 0


def test_with_the_token_taken_out_nothing_is_published_entries_go_on_and_later_all_is_out(moved, token):
    before = moved.seen().checkpoint
    token.out()
    moved.write(2)
    moved.write(draft=LOOKED)
    stopped = fault(moved)
    assert isinstance(stopped, TokenRefused) and "log on the token mingjian cannot sign" in str(stopped)
    assert moved.seen().checkpoint == before and moved.report().ok
    assert moved.sequencer.round()[audit.READS].out, "the other log has its key in a file"
    told = (moved.home / "sequencer/stopped").read_text()
    assert "TokenRefused" in told and PIN not in told
    assert isinstance(fault(moved.restarted()), TokenRefused), "a new process says the same"
    token.back()
    assert fault(moved) is None and moved.seen().checkpoint.size > before.size + 2
    assert moved.tree().size == len(moved.entries())


@only_sqlite
def test_a_wrong_pin_is_said_once_and_never_locks_the_token(moved):
    write_pin(moved.home, "999999")
    token_key._tokens.begin_anew(place())
    moved.write()
    assert "refuses the PIN" in str(fault(moved))
    for _ in range(20):
        assert "not tried again" in str(fault(moved.restarted()))
    write_pin(moved.home)
    assert fault(moved) is None


@only_sqlite
def test_a_pin_file_that_others_may_read_is_refused(moved):
    write_pin(moved.home, mode=0o644)
    moved.write()
    assert "owner alone" in str(fault(moved))
    (moved.home / "keys/log.pin").unlink()
    assert "cannot be read" in str(fault(moved))


@only_sqlite
def test_the_pin_may_come_from_the_environment(office, monkeypatch):
    where = place("env:MINGJIAN_TEST_PIN")
    with pytest.raises(TokenRefused, match="not in the environment"):
        rotation.rotate_tree(office.sequencer, audit.LOG, office.at, where)
    monkeypatch.setenv("MINGJIAN_TEST_PIN", PIN)
    key = rotation.rotate_tree(office.sequencer, audit.LOG, office.at, where)
    office.round()
    assert office.note().signed_by(key) == 0


@only_sqlite
def test_another_key_under_the_same_label_signs_nothing(moved):
    file = moved.home / "keys/log.key"
    stranger = FileSigner(load_signer(file).key.name, 1, bytes(32)).key
    file.write_text(f"{stranger.vkey}\n{place()}\n")
    with pytest.raises(TokenRefused, match="is another key"):
        load_signer(file).sign(b"text")


@only_sqlite
def test_the_next_key_lies_where_the_one_before_lies_also_after_a_recovery(moved):
    file, first = moved.home / "keys/log.key", load_signer(moved.home / "keys/log.key")
    rotation.rotate_tree(moved.sequencer, audit.LOG, moved.at)
    second = load_signer(file)
    assert isinstance(second, TokenSigner) and second.place.object != first.place.object
    rotation.retire_tree(moved.sequencer, audit.LOG, "yearly", moved.at)
    moved.write(3)
    moved.round()
    with moved.unguarded():
        moved.execute("DELETE FROM audit_index WHERE tree = 0 AND idx > 5")
    moved.restarted()
    ((log, origin),) = rotation.recover(moved.sequencer, "restored", moved.at)
    assert log == audit.LOG and load_signer(file).key.name == origin
    assert isinstance(load_signer(file), TokenSigner)
    rotation.rotate_tree(moved.sequencer, audit.LOG, moved.at, rotation.IN_A_FILE)
    assert isinstance(load_signer(file), FileSigner)
    moved.round()
    assert moved.seen().checkpoint.origin == origin


@only_sqlite
def test_a_process_that_forks_signs_in_the_child_too(moved):
    signer = load_signer(moved.home / "keys/log.key")
    signer.sign(b"parent")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if signer.key.verifies(b"child", signer.sign(b"child")) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert signer.key.verifies(b"again", signer.sign(b"again"))


def test_without_the_library_or_the_module_the_message_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_PIN", "1")
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed: `make test` installs it")
    key = FileSigner("log", 1, bytes(32)).key
    away = TokenSigner(key, Place(str(tmp_path / "no.so"), "t", "o", "env:SOME_PIN"), tmp_path)
    with pytest.raises(TokenRefused, match=r"no\.so cannot be loaded"):
        away.sign(b"text")
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(TokenRefused, match=r"mingjian\[pkcs11\]"):
        away.sign(b"text")


def test_an_address_is_written_as_it_is_read():
    one = Place("/a b/m.so", "office 1", "log", "file:/etc/mingjian/pin")
    assert Place.parse(str(one)) == one and " " not in str(one)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("file:log.key", "is written pkcs11:"),
        ("pkcs11:token=a;object=b?module-path=/m&pin-value=1234", "'pin-value' is not understood"),
        ("pkcs11:token=a;token=a;object=b?module-path=/m&pin-source=env:P", "said twice"),
        ("pkcs11:token=a;object=?module-path=/m&pin-source=env:P", "empty"),
        ("pkcs11:token=a?module-path=/m&pin-source=env:P", "lacks object"),
        ("pkcs11:token=a;object=b?module-path=/m&pin-source=1234", "pin-source is"),
    ],
)
def test_an_address_that_is_not_understood_is_refused_without_repeating_the_pin(uri, said, tmp_path):
    with pytest.raises(NoteRefused, match=said) as refused:
        Place.parse(uri)
    assert "1234" not in str(refused.value)
    file = tmp_path / "log.key"
    file.touch(mode=0o600)
    file.write_text(f"{FileSigner('log', 1, bytes(32)).key.vkey}\n{uri}\n")
    with pytest.raises(KeyRefused, match="holds no signing key"):
        load_signer(file)


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_commands_move_a_key_to_the_token_and_say_which_keys_are_used(county, run, token):  # noqa: F811
    home = county.house.home
    county.night()
    write_pin(home)
    shown = run("keys", "used")
    assert (
        shown.exit_code == 0 and shown.output.count("✔") == 3 and str(home / "keys/log.key") in shown.output
    )
    assert "Nothing was done" in run("keys", "rotate", "cases", "--token", "junk").output
    assert run("keys", "rotate", "cases", "--token", str(place())).exit_code == 0
    assert run("keys", "retire", "cases", "--reason", "on the token").exit_code == 0
    shown = run("keys", "used")
    assert shown.exit_code == 0 and str(place()) in shown.output
    token.out()
    shown = run("keys", "used")
    assert shown.exit_code == 1 and "✘ log.key" in shown.output and "cannot sign" in shown.output
    assert [key.fault is None for key in in_use(home)] == [True, False, True]
    county.night()
    assert "停止公开" in run("status").output
    token.back()
    assert run("keys", "used").exit_code == 0


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_without_the_key_of_the_entries_a_page_says_so_and_nothing_is_done(county, case_at):
    case, desk = case_at("check_papers"), at_the_desk(county, "twin1")
    entries = len(case.entries)
    file = county.house.home / "keys/app.key"
    file.rename(file.with_suffix(".away"))
    with pytest.raises(KeyRefused):
        county.staff["twin1"].checks_papers(case)
    page = desk.opens(f"/cases/{case.id}")
    assert page.status == 503 and "签名密钥" in page.words and str(file) not in page.text
    file.with_suffix(".away").rename(file)
    assert desk.opens(f"/cases/{case.id}").status == 200 and len(case.entries) == entries
