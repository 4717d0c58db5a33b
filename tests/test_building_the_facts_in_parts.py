"""Several processes build the facts that one process builds, of one moment, or none at all."""

import fcntl
import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from house_templates import another_process
from small_county import SmallCounty

from workflow.facts import build, facts_file, open_facts, tables
from workflow.facts import building as whole
from workflow.facts.drafts import DRAFT, claim, draft_folder
from workflow.facts.parts import divided
from workflow.facts.team import PartFailed, Team
from workflow.flags.checking import rules_of
from workflow.flags.running import ask
from workflow.reads import Reading, log_reading

SMALL = 2
"""Entries in one part."""
on_sqlite = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However crowded the machine is, the processes are waited for."""
    monkeypatch.setattr("workflow.facts.team.STARTING", 600.0)
    monkeypatch.setattr("workflow.facts.team.OPENING", 60.0)


def rows_of(county: SmallCounty) -> dict[str, list[Any]]:
    """Every table in the order of its rows."""
    with open_facts(county.house.home) as facts:
        return {name: facts.execute(f'SELECT * FROM "{name}" ORDER BY rowid').fetchall() for name in tables()}


def work_a_little(county: SmallCounty) -> None:
    """A case that is paid and three that have begun, with a look at each."""
    cases = [county.staff["twin1"].files(*county.household()) for _ in range(4)]
    county.drive(cases[0], "archive_case", {})
    for case in cases:
        log_reading(county.house, county.staff["chnd"].actor, Reading("case", case.id), county.clock.at, "r1")


def lone(county: SmallCounty) -> list[str]:
    return [each.name for each in facts_file(county.house.home).parent.iterdir()]


def test_the_facts_are_the_same_row_for_row_whatever_the_number_of_processes(county: SmallCounty) -> None:
    work_a_little(county)
    with county.house.reader.connect() as conn:
        assert len(divided(conn, SMALL)) > 2
    told: dict[int, Any] = {}
    progress: list[tuple[int, int]] = []
    for processes in (1, 2, 3):
        at = county.clock.at
        built = build(county.house, at, lambda *each: progress.append(each), processes=processes, part=SMALL)
        asked = ask(county.house, rules_of(), rules_of().rules, at)
        flags = {name: (one.fault, one.found) for name, one in asked.items()}
        told[processes] = built, flags, rows_of(county)
    assert all(done <= of == 4 for done, of in progress)
    assert told[1] == told[2] == told[3]
    assert told[1][2]["event"] and any(found for _, found in told[1][1].values())
    build(county.house, county.clock.at)  # in one part
    assert {name: sorted(map(repr, rows)) for name, rows in rows_of(county).items()} == {
        name: sorted(map(repr, rows)) for name, rows in told[1][2].items()
    }


def test_what_is_written_while_the_processes_begin_to_read_is_seen_by_none_of_them(
    county: SmallCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_a_little(county)
    case, opening = county.staff["twin1"].files(*county.household()), Team.open

    def write() -> None:
        with another_process(county) as house:
            log_reading(house, county.staff["chnd"].actor, Reading("case", case.id), county.clock.at, "r2")

    writer = Thread(target=write)

    def opened_late(team: Team, snapshot: str | None) -> None:
        writer.start()
        writer.join(1.0)
        opening(team, snapshot)

    monkeypatch.setattr(Team, "open", opened_late)
    monkeypatch.setattr(whole, "claim", lambda path: "part-" not in path.name and claim(path))
    build(county.house, county.clock.at, processes=2, part=SMALL)
    writer.join()
    assert [row for row in rows_of(county)["reading"] if case.id.hex in row] == []
    build(county.house, county.clock.at)
    assert [row for row in rows_of(county)["reading"] if case.id.hex in row] != []


@on_sqlite
def test_a_process_that_cannot_begin_fails_the_build_with_its_reason(county: SmallCounty) -> None:
    work_a_little(county)
    build(county.house, county.clock.at)
    before = facts_file(county.house.home).read_bytes()
    key = county.house.home / "keys" / "vault.key"
    key.chmod(0o644)
    with pytest.raises(PartFailed, match="VaultError"):
        build(county.house, county.clock.at, processes=2, part=SMALL)
    key.chmod(0o600)
    assert facts_file(county.house.home).read_bytes() == before
    assert lone(county) == ["facts.sqlite"]


@on_sqlite
def test_a_process_that_is_killed_fails_the_build(
    county: SmallCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_a_little(county)
    begin = Team.begin

    def killed(team: Team, parts: Any) -> None:
        begin(team, parts)
        for process in team._processes.values():
            process.kill()

    monkeypatch.setattr(Team, "begin", killed)
    monkeypatch.setattr(whole, "claim", lambda path: "part-" not in path.name and claim(path))
    with pytest.raises(PartFailed, match="status -9"):
        build(county.house, county.clock.at, processes=2, part=SMALL)
    assert lone(county) == []


@on_sqlite
def test_one_process_reads_alone_when_the_others_do_not_come_in_time(
    county: SmallCounty, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_a_little(county)
    monkeypatch.setattr("workflow.facts.team.OPENING", 0.0)
    built = build(county.house, county.clock.at, processes=2, part=SMALL)
    assert built.cases == 4 and len(rows_of(county)["cases"]) == 4
    monkeypatch.undo()
    county.staff["twin1"].files(*county.household())  # nobody holds the lock any more


def test_what_a_killed_build_has_left_is_cleared_and_what_is_being_built_is_not(tmp_path: Path) -> None:
    left, alive = tmp_path / f"{DRAFT}left", tmp_path / f"{DRAFT}alive"
    for each in (left, alive):
        each.mkdir()
        (each / "part-0.sqlite").touch()
    held = os.open(alive, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with draft_folder(tmp_path) as mine:
        assert {each.name for each in tmp_path.iterdir()} == {alive.name, mine.name}
        with draft_folder(tmp_path):
            assert mine.exists()
    os.close(held)
    assert [each.name for each in tmp_path.iterdir()] == [alive.name]
