"""`mingjian rules`: proposing, releasing and looking from the command line; and files read with suspicion."""

import io
import json
import zipfile

import pytest
from click.testing import CliRunner
from rule_changes import changed, started_anew

from workflow.cli import mingjian
from workflow.demo.staff import PASSWORD
from workflow.errors import RulesRefused
from workflow.releasing import bundles
from workflow.releasing.telling import console_words
from workflow.store.models import Account

pytestmark = pytest.mark.parametrize("county", ["sqlite"], indirect=True)
TEN_DAYS = ("limits.toml", b"[D05]\namount = 5", b"[D05]\namount = 10")
BROKEN = ("limits.toml", b"[D05]\namount = 5", b'[D05]\namount = "five"')


@pytest.fixture
def run(county):
    """Run `mingjian` on the county's house, with a password typed in."""

    def run(*arguments, password=PASSWORD):
        given = ["--home", str(county.house.home), *arguments]
        return CliRunner().invoke(mingjian, given, input=f"{password}\n")

    return run


@pytest.fixture
def limits(county, tmp_path):
    """A changed file as an officer has it on the desk."""
    file = tmp_path / "desk" / "limits.toml"
    file.parent.mkdir()
    file.write_bytes(changed(county, TEN_DAYS)["limits.toml"])
    return file


def test_one_proposes_a_file_and_another_releases_it(county, run, limits):
    made = run("rules", "propose", str(limits), "--as", "chnd", "--note", "十个工作日", "--json")
    assert made.exit_code == 0, made.output
    number = json.loads(made.stdout)["proposal"]
    again = run("rules", "release", str(number), "--as", "chnd")
    assert again.exit_code == 1
    done = run("rules", "release", str(number), "--as", "capr", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"done": True, "proposal": number})
    told = json.loads(run("rules", "status", "--json").stdout)
    assert [each["standing"] for each in told["versions"]] == ["in_force", "former"]
    assert told["proposals"][0]["changed"] == ["limits.toml"]
    assert told["proposals"][0]["state"] == "released"
    plain = run("rules", "status")
    assert "现行" in plain.output and "former" in plain.output and "已放行" in plain.output


def test_a_wrong_password_does_nothing(run, limits, county):
    refused = run("rules", "propose", str(limits), "--as", "chnd", password="wrong-password")
    assert refused.exit_code == 1 and "密码不对" in refused.stderr
    assert json.loads(run("rules", "status", "--json").stdout)["proposals"] == []


def test_whoever_was_given_a_password_gives_no_orders_with_it(run, county, limits):
    county.correct(Account, Account.login == "chnd", handed_out=True)
    refused = run("rules", "propose", str(limits), "--as", "chnd")
    assert refused.exit_code == 1 and "首次密码" in refused.stderr
    assert json.loads(run("rules", "status", "--json").stdout)["proposals"] == []


def test_a_fault_is_told_with_file_element_and_reason(run, county, limits):
    limits.write_bytes(changed(county, BROKEN)["limits.toml"])
    plain = run("rules", "propose", str(limits), "--as", "chnd")
    assert plain.exit_code == 1 and "limits.toml · D05" in plain.stderr
    told = run("rules", "propose", str(limits), "--as", "chnd", "--json")
    assert told.exit_code == 1
    answer = json.loads(told.stdout)
    assert not answer["done"] and answer["faults"][0]["file"] == "limits.toml"


def test_a_whole_folder_is_exported_changed_and_proposed(run, county, tmp_path):
    folder = tmp_path / "rules"
    assert run("rules", "export", str(folder)).exit_code == 0
    assert run("rules", "export", str(folder)).exit_code == 2, "an export does not write over files"
    (folder / "limits.toml").write_bytes(changed(county, TEN_DAYS)["limits.toml"])
    (folder / "notes.txt").write_text("mine")
    made = run("rules", "propose", str(folder), "--as", "cchk", "--from", "2099-01-01", "--json")
    assert made.exit_code == 0, made.output
    status = json.loads(run("rules", "status", "--json").stdout)
    assert status["proposals"][0]["changed"] == ["limits.toml"]
    assert status["proposals"][0]["valid_from"] == "2099-01-01"
    (folder / "roles.toml").unlink()
    missing = run("rules", "propose", str(folder), "--as", "cchk")
    assert missing.exit_code == 1 and "roles.toml" in missing.stderr
    other = tmp_path / "proposal"
    assert run("rules", "export", str(other), "--proposal", "1").exit_code == 0
    assert b"amount = 10" in (other / "limits.toml").read_bytes()


def test_rejecting_and_withdrawing(run, limits):
    run("rules", "propose", str(limits), "--as", "chnd")
    assert run("rules", "reject", "1", "--reason", "不同意这样改", "--as", "capr").exit_code == 0
    run("rules", "propose", str(limits), "--as", "chnd")
    assert run("rules", "withdraw", "2", "--as", "cchk").exit_code == 1
    assert run("rules", "rebase", "2", "--as", "chnd", "--json").exit_code == 1, "nothing to rebase it on"
    assert run("rules", "withdraw", "2", "--as", "chnd").exit_code == 0
    states = [row["state"] for row in json.loads(run("rules", "status", "--json").stdout)["proposals"]]
    assert states == ["withdrawn", "rejected"]


def test_the_console_says_that_an_update_waits_and_the_server_starts_on_the_old_rules(county, run):
    house = started_anew(county, changed(county, TEN_DAYS))
    said = "\n".join(console_words(house))
    assert "一人认领" in said and "the old rules hold" in said
    assert house.rules().terms["plan-2026"].limits["D05"].amount == 5
    house.close()
    adopted = run("rules", "adopt", str(house.waiting), "--as", "adm")
    assert adopted.exit_code == 0, adopted.output


def zipped(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


FOLDERS = {"flows", "forms", "letters", "policies"}


def test_a_zip_is_read_with_or_without_its_outer_folder(county):
    for name in ("limits.toml", "bpmn/limits.toml"):
        other = name.replace("limits.toml", "forms/survey.toml")
        files = bundles.from_zip(zipped(**{name: "a", other: "b"}), "rules.zip", FOLDERS)
        assert files == {"limits.toml": b"a", "forms/survey.toml": b"b"}
    one = bundles.from_zip(zipped(**{"policies/plan-2026/policy.toml": "a"}), "rules.zip", FOLDERS)
    assert list(one) == ["policies/plan-2026/policy.toml"]


@pytest.mark.parametrize("content,words", [
    (b"PK\x03\x04 not really", "not a whole zip"),
    (zipped(**{"../limits.toml": "a"}), "a name has letters"),
    (zipped(**{"/etc/limits.toml": "a"}), "a name has letters"),
    (zipped(**{"limits.toml": "0" * (bundles.LARGEST_FILE + 1)}), "larger than 2 MB"),
    (zipped(**{f"forms/{n}.toml": "0" * bundles.LARGEST_FILE for n in range(17)}), "when unpacked"),
    (zipped(**{f"forms/{n}.toml": "" for n in range(bundles.MOST_FILES + 1)}), "more than 800 files"),
    (zipped(**{"readme.md": "a"}), "no file of rules"),
    (b"\0" * (bundles.LARGEST_ZIP + 1), "larger than 8 MB"),
])  # fmt: skip
def test_a_zip_that_cannot_be_is_refused_before_it_fills_the_memory(county, content, words):
    with pytest.raises(RulesRefused) as refused:
        bundles.from_zip(content, "rules.zip", FOLDERS)
    assert words in refused.value.faults[0].reason.en


def test_single_files_take_the_place_of_the_one_of_that_name(county):
    known = {
        "limits.toml": b"",
        "forms/survey.toml": b"",
        "policies/a/policy.toml": b"",
        "policies/b/policy.toml": b"",
    }
    files = bundles.from_uploads([("survey.toml", b"x")], known)
    assert files == {"forms/survey.toml": b"x"}
    for name, words in (("policy.toml", "several files"), ("other.toml", "no such file")):
        with pytest.raises(RulesRefused) as refused:
            bundles.from_uploads([(name, b"x")], known)
        assert words in refused.value.faults[0].reason.en
