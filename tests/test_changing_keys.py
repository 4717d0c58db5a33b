"""Keys are changed while the work goes on; both keys of a log sign until the old one is retired."""

import pytest
from log_office import Office

import audit
from audit import rotation
from audit.private import KeyRefused


@pytest.fixture
def office(database_url, tmp_path):
    office = Office(database_url, tmp_path / "home")
    office.write(2)
    office.round()
    yield office
    office.close()


def test_the_applications_key_is_changed_and_both_count(office):
    old = office.vault.key()
    key = rotation.rotate_application(office.sequencer, office.at)
    assert office.vault.key() == key != old
    office.write(2)
    office.round()
    assert {entry["kid"] for entry in office.entries()} == {old.id.hex(), key.id.hex()}
    assert office.report().ok


def test_a_change_that_was_broken_off_is_taken_up_with_the_same_key(office, monkeypatch):
    def killed(path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rotation, "_take_place", killed)
        for change in (
            lambda: rotation.rotate_application(office.sequencer, office.at),
            lambda: rotation.rotate_tree(office.sequencer, audit.LOG, office.at),
        ):
            with pytest.raises(KeyboardInterrupt):
                change()
    office.write()
    office.round()
    added = sum(entry["type"] == "key_added" for entry in office.entries())
    rotation.rotate_application(office.sequencer, office.at)
    rotation.rotate_tree(office.sequencer, audit.LOG, office.at)
    office.write()
    office.round()
    assert sum(entry["type"] == "key_added" for entry in office.entries()) == added == 4
    assert office.report().ok


def test_a_log_signs_with_both_keys_until_the_old_one_is_retired(office):
    before, origin = office.policy(), office.seen().checkpoint.origin
    key = rotation.rotate_tree(office.sequencer, audit.LOG, office.at)
    office.write()
    office.round()
    assert before.check(bytes(office.note())).checkpoint.origin == key.name == origin
    assert office.note().signed_by(key) == 0
    assert len(office.policy().logs) == 3
    old = rotation.retire_tree(office.sequencer, audit.LOG, "a year old", office.at)
    office.write()
    office.round()
    assert office.note().signed_by(old) is None
    assert office.seen().checkpoint.size == 9
    assert [entry["type"] for entry in office.entries()].count("key_revoked") == 1
    with pytest.raises(KeyRefused, match="cannot be read"):
        rotation.retire_tree(office.sequencer, audit.LOG, "again", office.at)


def test_a_log_does_not_change_its_key_again_before_the_old_one_is_retired(office):
    """The key in between would be lost, and with it the signature by which others know the log."""
    key = rotation.rotate_tree(office.sequencer, audit.LOG, office.at)
    with pytest.raises(KeyRefused, match="retire the key before"):
        rotation.rotate_tree(office.sequencer, audit.LOG, office.at)
    office.write()
    office.round()
    assert office.note().signed_by(key) == 0
    rotation.retire_tree(office.sequencer, audit.LOG, "a year old", office.at)
    assert rotation.rotate_tree(office.sequencer, audit.LOG, office.at) != key


def test_retiring_that_was_broken_off_is_taken_up(office):
    rotation.rotate_tree(office.sequencer, audit.READS, office.at)
    previous = office.home / "keys/reads.previous"
    kept = previous.read_bytes()
    rotation.retire_tree(office.sequencer, audit.READS, "a year old", office.at)
    previous.write_bytes(kept)
    previous.chmod(0o600)
    rotation.retire_tree(office.sequencer, audit.READS, "a year old", office.at)
    office.round()
    assert [entry["type"] for entry in office.entries("reads")].count("key_revoked") == 1


# The commands, on the real house.


@pytest.fixture
def run(county):
    from click.testing import CliRunner

    from workflow.cli import mingjian

    url = county.house.engine.url.render_as_string(hide_password=False)

    def run(*arguments):
        done = CliRunner().invoke(
            mingjian, ["--database", url, "--home", str(county.house.home), "audit", *arguments]
        )
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


only_sqlite = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


@only_sqlite
def test_keys_are_changed_listed_and_revoked_by_command(county, run, case_at):
    old = county.house.vault.key().id.hex()
    made = run("keys", "rotate", "application")
    assert made.exit_code == 0 and county.house.vault.key().vkey in made.output
    case_at("record_review")
    assert run("keys", "rotate", "cases").exit_code == 0
    assert run("keys", "retire", "cases", "--reason", "trial").exit_code == 0
    assert run("keys", "revoke", old, "--reason", "left the office").exit_code == 0
    case_at("record_review")
    county.night()
    listed = run("keys", "list").output
    assert listed.count(old) == 4 and " – " in listed
    assert "Nothing was done" in run("keys", "revoke", old, "--reason", "again").output
    assert "not the id of a key" in run("keys", "revoke", "xyz", "--reason", "junk").output
    assert "cannot be read" in run("keys", "retire", "cases", "--reason", "none").output


@only_sqlite
def test_another_machines_key_is_added_by_command(county, run, tmp_path):
    other = audit.open_vault(tmp_path / "other", create=True)
    assert run("keys", "add", other.key().vkey).exit_code == 0
    assert "was added before" in run("keys", "add", other.key().vkey).output
    assert "not a verification key" in run("keys", "add", "junk").output


@only_sqlite
def test_the_policy_is_shown_and_changed_by_command(county, run, tmp_path):
    from audit.witness.answering import Witness

    shown = run("policy").output
    assert shown.count("log mingjian/360829/") == 2 and "quorum none" in shown
    witness = Witness.create(tmp_path / "w", "inspection.example")
    wanted = tmp_path / "policy"
    wanted.write_text(f"log junk\nwitness inspection {witness.signer.key.vkey}\nquorum inspection\n")
    assert "1 个见证方" in run("policy", str(wanted)).output
    assert run("policy").output.count("log mingjian") == 2
    assert "quorum inspection" in run("policy").output
    wanted.write_text("quorum nobody\n")
    assert "The policy is faulty" in run("policy", str(wanted)).output
    status = run("status")
    assert "见证方不足法定数" in status.output and "inspection：还没有见证" in status.output
    assert '"waiting": true' in run("status", "--json").output
