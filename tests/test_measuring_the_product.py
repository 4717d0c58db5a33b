"""`mingjian bench` in miniature: every section runs, and no figure says more than was measured."""

import json
import shutil

import pytest
from click.testing import CliRunner

from web import bench as program
from workflow.bench import contenders, expectations, replaying, runner
from workflow.bench.rivals.pace import CLIENT_SHARE, payload
from workflow.cli import Settings

SECONDS = {"seconds": [0.001] * 19 + [0.101], "cpu": 0.04, "began": 10.0, "ended": 12.0}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """One tiny run of everything that needs no network and no server, read back from its JSON."""
    home = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "QUICK", program.TINY)
        sections = [
            word for name in ("short", "bytes", "loops", "log", "replay") for word in ("--only", name)
        ]
        file = home / "figures.json"
        call = ["--quick", "--json", str(file), *sections]
        done = CliRunner().invoke(program.bench, call, obj=Settings(None, home))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return json.loads(file.read_text(encoding="utf-8")), done


def test_the_floor_is_what_the_others_are_compared_with(measured):
    field = measured[0]["short"]["sqlite"]["1"]
    assert list(field) == ["floor", "mingjian", "SpiffWorkflow"]
    assert field["floor"]["cpu_to_floor"] == field["floor"]["speed_to_floor"] == 1
    for one in field.values():
        assert one["transitions"] == 8 and one["cpu_ms"] > 0 and one["p50_ms"] <= one["p95_ms"]
    ours = field["mingjian"]
    assert ours["cpu_to_floor"] == pytest.approx(ours["cpu_ms"] / field["floor"]["cpu_ms"], rel=0.05)


def test_the_state_of_a_longer_case_is_counted_whole(measured):
    short, whole = measured[0]["bytes"]["short"], measured[0]["bytes"]["whole"]
    for one in (short, whole):
        parts = one["per_transition"]
        assert one["state_tasks_entry"] == parts["state"] + parts["tasks"] + parts["entry"]
        assert one["largest"] >= one["state_tasks_entry"] and parts["vault"] > 0
        assert one["all_values"] >= one["state_tasks_entry"] + parts["vault"]
    assert short["transitions"] == 8 and whole["transitions"] > 40


def test_the_inspectors_desk_is_measured_as_read_model_and_as_pages(measured):
    desk, found = measured[0]["replay"]["sqlite"], {one["id"]: one for one in measured[0]["expectations"]}
    assert desk["cases"] == 1 and desk["searched_cases"] == 51 and desk["entries_mean"] > 20
    assert desk["flags"]["entries"] > 20 and desk["flags"]["rules"] == 40
    assert set(desk["search"]) == {"number", "person", "officer", "place", "state", "amount", "span"}
    assert found["replay_open_sqlite"]["figure"] == desk["open_page"]["p95_ms"] >= desk["open_page"]["p50_ms"]
    assert found["replay_step_sqlite"]["figure"] == desk["step_page"]["p95_ms"] > 0
    assert found["replay_open_postgresql"]["met"] is None, "no figure, no word"
    assert "p95 ÷ asked" in measured[1].output


def test_a_kept_county_is_measured_in_a_copy(tmp_path):
    with replaying.made(replaying.Load(1, 1, 0), None) as (desk, _):
        county = tmp_path / "county"
        shutil.copytree(desk.place.home, county)
    before = {path: path.read_bytes() for path in county.rglob("*") if path.is_file()}
    with replaying.kept(county) as (copied, flags):
        assert copied.cases == flags["cases"] == 1
        assert replaying.read_model(copied, 2)["searched_cases"] == 1
    assert {path: path.read_bytes() for path in county.rglob("*") if path.is_file()} == before
    with pytest.raises(runner.ClientFailed, match=r"no mingjian\.sqlite"), replaying.kept(tmp_path):
        pass


def test_loops_are_measured_against_new_cases(measured):
    levels = measured[0]["loops"]["levels"]
    assert [level["loops"] for level in levels] == [0, 2]
    assert all(level["new_case_cpu_ms"] > 0 for level in levels)


def test_the_log_is_grown_checked_and_published_beside_the_writers(measured):
    log, found = measured[0]["log"], {one["id"]: one for one in measured[0]["expectations"]}
    tree = log["tree"]
    assert tree["entries"] == 600
    assert tree["verify_us"] == pytest.approx(1e6 / tree["verified_per_second"], rel=0.05)
    assert tree["proof"]["hashes"] >= 2
    lag = log["lag"]["sqlite"]
    assert lag["entries"] >= lag["writers"] * 4, "every entry of every writer"
    assert 0 < lag["p50_s"] <= lag["p99_s"] <= lag["worst_s"]
    assert log["cost"]["sqlite"]["p50"] > 0
    assert found["log_verify"]["figure"] is None, "600 entries say nothing about a million"
    assert found["log_lag_sqlite"]["figure"] == lag["p99_s"]
    assert found["log_lag_postgresql"]["met"] is None


def test_what_was_not_measured_is_neither_met_nor_missed(measured):
    results, done = measured
    found = {one["id"]: one for one in results["expectations"]}
    for name in ("cpu_to_django_fsm", "cpu_to_stock_whole", "worklist", "board", "loops"):
        assert found[name]["figure"] is None and found[name]["met"] is None
    assert found["cpu_to_stock_short"]["met"] is (found["cpu_to_stock_short"]["figure"] <= 1 / 8)
    assert done.exit_code == (1 if any(one["met"] is False for one in results["expectations"]) else 0)


def test_pages_are_asked_from_a_real_server():
    from web import bench_http

    found = bench_http.transitions(None, clients=1, cases=1)
    assert found["transitions"] == 3
    assert {kind: page["reads"] for kind, page in found["pages"].items()} == {
        "worklist": 3,
        "task": 3,
        "submit": 3,
    }


def test_the_board_is_measured_beside_the_worklist():
    from web import bench_http

    found = bench_http.long_list(50, reads=2)
    for way in ("read_model", "http", "board", "board_by_step", "board_by_officer"):
        assert found[way]["reads"] == 2 and 0 < found[way]["p50_ms"] <= found[way]["p95_ms"]
    told = {one.id: one.figure for one in expectations.check({"worklist": [{**found, "tasks": 100_000}]})}
    assert told["board"] == max(found[way]["p95_ms"] for way in found if way.startswith("board"))
    assert told["worklist"] == found["http"]["p95_ms"]


def test_a_percentile_is_a_value_that_was_measured():
    sample = runner.sum_up([SECONDS, SECONDS])
    assert (sample.p50_ms, sample.transitions, sample.per_second, sample.cpu_ms) == (1.0, 40, 20.0, 2.0)
    assert runner.sum_up([SECONDS, SECONDS], [SECONDS, SECONDS]).per_second == 20, (
        "others' turns do not count"
    )
    assert runner.percentile([3, 1, 2], 0.5) == 2 and runner.percentile([1, 2], 1) == 2


def test_a_contender_that_breaks_is_named():
    with pytest.raises(runner.ClientFailed, match="broken contender"):
        runner.race(["python3", "-c", "raise SystemExit('broken contender')"], 1)
    breaks_at_work = "print('ready', flush=True); input(); raise SystemExit('broken at work')"
    with pytest.raises(runner.ClientFailed, match="broken at work"):
        runner.race(["python3", "-c", breaks_at_work], 2)
    breaks_at_the_end = (
        "print('ready', flush=True); input(); print('{}'); raise SystemExit('broken at the end')"
    )
    with pytest.raises(runner.ClientFailed, match="broken at the end"):
        runner.reports(["python3", "-c", breaks_at_the_end], 1)


def test_a_contender_that_is_gone_before_its_turn_is_named():
    leaves = "print('ready', flush=True); raise SystemExit('gone home')"
    with (
        pytest.raises(runner.ClientFailed, match="gone home"),
        runner.Clients(["python3", "-c", leaves], 1) as clients,
    ):
        for client, _ in clients._started:
            client.wait()
        clients.run(1)


def test_contenders_share_a_round_in_turns():
    assert contenders._shares(100) == [20] * 5
    assert sum(contenders._shares(14)) == 14 and len(contenders._shares(14)) == contenders.TURNS
    assert contenders._shares(2) == [1, 1]


def test_expectations_use_ratios_of_the_same_rounds():
    """The machine was busy in the second round: all three took longer, the ratios say so little."""
    field = {
        "mingjian": (6.0, 60.0, 6.6),
        "SpiffWorkflow": (60.0, 600.0, 60.0),
        expectations.PEER: (5.0, 50.0, 5.5),
    }
    rounds = {name: {"rounds": [{"cpu_ms": cpu} for cpu in values]} for name, values in field.items()}
    found = {one.id: one for one in expectations.check({"short": {"sqlite": {"1": rounds}}})}
    assert found["cpu_to_stock_short"].figure == 0.1 and found["cpu_to_stock_short"].met is True
    assert found["cpu_to_django_fsm"].figure == 1.2 and found["cpu_to_django_fsm"].met is False


def test_case_data_is_two_kilobytes():
    assert {len(payload(number).encode()) for number in (0, 7, 123_456)} == {CLIENT_SHARE}
