"""Checkers that others wrote read our log: Go's `sumdb` packages all of it, sigstore's library a receipt.

They are told the log's public key and nothing else. What they refuse is refused for the right reason.
"""

import os
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from log_office import Office

from audit.note import Key
from audit.proof import Proof, prove
from audit.tiles import tile_path

HERE = Path(__file__).parent / "checkers"
ENTRIES = 600
Checked = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def sumdb(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Checked]:
    """Go's checker, built from Debian's packages: nothing is downloaded."""
    folder = tmp_path_factory.mktemp("go")
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOPROXY": "off",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
    program = folder / "sumdb"
    subprocess.run(["go", "build", "-o", program, HERE / "sumdb.go"], env=environment, check=True)
    return lambda *words: _run(program, *words)


def sigstore(*words: Any) -> Checked:
    return _run("node", HERE / "sigstore.mjs", *words)


def _run(*words: Any) -> Checked:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)


def write_at_once(office: Office, count: int) -> None:
    """So many entries in one transaction, published."""
    case = uuid4()
    with office.engine.begin() as conn:
        for _ in range(count):
            office.append(conn, case)
    office.round()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """More than two tiles of entries; `older` is a checkpoint of the way there."""
    home = tmp_path_factory.mktemp("office")
    made = Office(f"sqlite+pysqlite:///{home / 'mingjian.sqlite'}", home)
    write_at_once(made, 300)
    (home / "older").write_bytes(bytes(made.note()))
    write_at_once(made, ENTRIES - 300)
    yield made
    made.close()


@pytest.fixture
def log(office: Office, tmp_path: Path) -> Path:
    """A copy of the published log to tamper with."""
    subprocess.run(["cp", "-r", office.home / "log", tmp_path / "log"], check=True)
    return tmp_path / "log"


def log_key(office: Office) -> Key:
    (party,) = (one for one in office.policy().logs if not one.key.name.endswith("/reads"))
    return party.key


def receipt(office: Office, folder: Path, index: int) -> tuple[Path, Path]:
    """An entry's bytes and its receipt, as files."""
    tree = office.tree()
    (folder / "entry").write_bytes(tree.entry(index))
    (folder / "proof").write_text(str(prove(tree, office.note(), index)))
    return folder / "entry", folder / "proof"


def altered(path: Path, at: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_go_accepts_the_log_with_every_entry_and_its_growth(sumdb, office):
    checked = sumdb("log", office.home / "log", log_key(office).vkey, office.home / "older")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert office.seen().checkpoint.size > 2 * 256


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        (lambda log: altered(log / tile_path("entries", 0), 40), "entry 0: "),
        (lambda log: altered(log / tile_path(0, 1)), "entry 256: "),
        (lambda log: altered(log / "checkpoint", 25), "invalid signature for key"),
        (lambda log: (log / tile_path("entries", 1)).unlink(), "no such file"),
    ],
    ids=["an entry", "a tile", "the checkpoint", "a bundle is gone"],
)
def test_go_refuses_a_tampered_log(sumdb, office, log, tampering, said):
    tampering(log)
    checked = sumdb("log", log, log_key(office).vkey)
    assert checked.returncode == 1
    assert said in checked.stderr


def test_go_refuses_a_log_that_another_key_signed(sumdb, office):
    reads = next(one.key for one in office.policy().logs if one.key.name.endswith("/reads"))
    checked = sumdb("log", office.home / "log", reads.vkey)
    assert checked.returncode == 1
    assert "note has no verifiable signatures" in checked.stderr


def test_go_refuses_an_older_checkpoint_of_another_history(sumdb, office, tmp_path):
    """A second version of the log, signed with the log's own key: only its history gives it away."""
    other = Office(f"sqlite+pysqlite:///{tmp_path / 'other.sqlite'}", tmp_path / "other")
    (tmp_path / "other/keys").mkdir(exist_ok=True)
    for name in ("log.key", "reads.key"):
        (tmp_path / "other/keys" / name).write_bytes((office.home / "keys" / name).read_bytes())
        (tmp_path / "other/keys" / name).chmod(0o600)
    write_at_once(other, 10)
    assert log_key(other) == log_key(office)
    forked = tmp_path / "forked"
    forked.write_bytes(bytes(other.note()))
    other.close()
    checked = sumdb("log", office.home / "log", log_key(office).vkey, forked)
    assert checked.returncode == 1
    assert "invalid transparency proof" in checked.stderr


@pytest.mark.parametrize("checker", ["go", "sigstore"])
def test_a_receipt_is_accepted_wherever_the_entry_stands(request, office, tmp_path, checker):
    check = _checker(request, checker)
    vkey = log_key(office).vkey
    for index in (0, 1, 255, 256, 511, 512, office.seen().checkpoint.size - 1):
        checked = check(vkey, *receipt(office, tmp_path, index))
        assert (index, checked.returncode, checked.stderr) == (index, 0, "")


@pytest.mark.parametrize("checker", ["go", "sigstore"])
def test_a_tampered_receipt_is_refused(request, office, tmp_path, checker):
    check = _checker(request, checker)
    key = log_key(office)
    entry, proof = receipt(office, tmp_path, 300)
    whole = Proof.parse(proof.read_text())
    text, size = str(whole), f"\n{office.seen().checkpoint.size}\n"
    node, stranger = b64encode(whole.path[0]).decode(), b64encode(bytes(32)).decode()
    assert text.count(node) == text.count(size) == 1
    for changed in (
        text.replace("index 300", "index 301"),
        text.replace(node, stranger),
        text.replace(f"{node}\n", ""),
        text.replace(size, "\n999\n"),
    ):
        proof.write_text(changed)
        assert check(key.vkey, entry, proof).returncode == 1
    proof.write_text(text)
    assert check(Key(key.name, key.kind, bytes(32)).vkey, entry, proof).returncode == 1
    altered(entry)
    assert check(key.vkey, entry, proof).returncode == 1
    altered(entry)
    assert check(key.vkey, entry, proof).returncode == 0


def _checker(request: pytest.FixtureRequest, name: str) -> Callable[..., Checked]:
    if name == "sigstore":
        return sigstore
    sumdb = request.getfixturevalue("sumdb")
    return lambda *words: sumdb("receipt", *words)
