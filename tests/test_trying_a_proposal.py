"""试算: before it is released a proposed policy set is tried on the bills of a year (sums, no names)."""

import json

import pytest
from click.testing import CliRunner
from pages.desks import at_the_desk
from rule_changes import changed, proposed

from workflow.cli import mingjian
from workflow.demo.staff import PASSWORD

TARIFF = ("policies/plan-2026/tariff.dmn", b"<text>0.75</text>", b"<text>0.80</text>")
VERSION = ("policies/plan-2026/policy.toml", b'version = "2026.1"', b'version = "2026.2"')


@pytest.fixture
def proposal(county, case_at):
    """Two DB households and one TK one were decided on; 80 instead of 75 % is proposed for DB."""
    case_at("archive_case")
    case_at("archive_case", settled_on=county.today)
    case_at("archive_case", category="TK")
    return proposed(county, changed(county, TARIFF, VERSION))


def test_the_page_tells_sums_and_people_and_no_names(county, proposal):
    """8,000 yuan of self-pay less 1,500: 75 % are 4,875.00 and 80 % are 5,200.00; TK stays."""
    desk = at_the_desk(county, "capr")
    words = desk.opens(f"/policy/proposals/{proposal}/trial?year=2026").words
    for told in ("3人，3张", "增加2人", "减少0人", "不变1人", "相差650.00元", "325.00元"):
        assert told in words, told
    assert "欧阳" not in words
    assert "没有已经决定的单据" in desk.opens(f"/policy/proposals/{proposal}/trial").words, "of last year"
    assert f"/policy/proposals/{proposal}/trial" in desk.opens(f"/policy/proposals/{proposal}").text
    assert at_the_desk(county, "vlia1").opens(f"/policy/proposals/{proposal}/trial").status == 403


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_the_command_tells_the_same(county, proposal):
    given = [
        "--home",
        str(county.house.home),
        "rules",
        "trial",
        str(proposal),
        "--year",
        "2026",
        "--as",
        "capr",
    ]
    done = CliRunner().invoke(mingjian, [*given, "--json"], input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.stdout.splitlines()[-1])
    assert (told["more"], told["less"], told["same"], told["uncomputed"]) == (2, 0, 1, 0)
    assert told["difference"] == "+650.00" and told["largest"] == ["+325.00", "+325.00"]
    plain = CliRunner().invoke(mingjian, given, input=f"{PASSWORD}\n")
    assert "增加2人" in plain.output and "欧阳" not in plain.output
