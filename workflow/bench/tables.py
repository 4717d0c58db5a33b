"""The figures as tables for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from workflow.bench.databases import DATABASES
from workflow.bench.expectations import REPLAY_MS, STEP_MS, Expectation

PROCESSES = {
    "short": "起草、村、乡镇、县：四步，2 kB 案情 · start, village, township, county: 4 transitions, 2 kB",
    "whole": "流程F01，从申请到归档 · F01, from the application to the archive",
}


def tables(results: Mapping[str, Any], expectations: list[Expectation]) -> Iterator[Table]:
    """All tables of a run, the expectations last."""
    for process, title in PROCESSES.items():
        if process in results:
            yield _race(title, results[process])
    if "http" in results:
        yield _http(results["http"])
    if "bytes" in results:
        yield _bytes(results["bytes"])
    if "worklist" in results:
        yield _worklist(results["worklist"])
    if "loops" in results:
        yield _loops(results["loops"])
    if "alerts" in results:
        yield _alerts(results["alerts"])
    if "log" in results:
        yield _log(results["log"])
    for database, desk in results.get("replay", {}).items():
        yield _desk(database, desk)
    yield _expectations(expectations)


def _table(title: str, *columns: str, words: int = 1) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < words else "right")
    return table


def _race(title: str, databases: Mapping[str, Any]) -> Table:
    table = _table(
        title, "", "数据库 database", "客户端 clients", "步/秒 per s", "CPU ms", "CPU ÷ floor", "p50 ms",
        "p95 ms", "字节/案 B per case", words=2,
    )  # fmt: skip
    for database, by_workers in databases.items():
        for workers, field in by_workers.items():
            for name, one in field.items():
                table.add_row(
                    name, DATABASES[database], workers, f"{one['per_second']:,.0f}", f"{one['cpu_ms']:.2f}",
                    f"{one['cpu_to_floor']:.1f}", f"{one['p50_ms']:.2f}", f"{one['p95_ms']:.2f}",
                    f"{one['stored_bytes_per_case']:,}",
                )  # fmt: skip
            table.add_section()
    return table


def _http(databases: Mapping[str, Any]) -> Table:
    table = _table(
        "经网页：待办、办理页、提交 · through HTTP: worklist, task page, submit",
        "数据库 database", "客户端 clients", "步/秒 per s", "CPU ms", "待办 worklist p50/p95",
        "办理页 task p50/p95", "提交 submit p50/p95",
    )  # fmt: skip
    for database, by_clients in databases.items():
        for clients, one in by_clients.items():
            pages = [f"{page['p50_ms']:.1f} / {page['p95_ms']:.1f}" for page in one["pages"].values()]
            cpu = "–" if one["cpu_ms"] is None else f"{one['cpu_ms']:.1f}"
            table.add_row(DATABASES[database], clients, f"{one['per_second']:.1f}", cpu, *pages)
    return table


def _bytes(processes: Mapping[str, Any]) -> Table:
    table = _table("每步写入的字节（平均） · bytes written per transition (mean)", "", *processes)
    found = list(processes.values())
    for part in found[0]["per_transition"]:
        table.add_row(part, *(f"{one['per_transition'][part]:,}" for one in found))
    table.add_section()
    for key, name in (
        ("state_tasks_entry", "state + tasks + entry"),
        ("largest", "最大的一步 largest of these"),
        ("all_values", "全部 everything"),
        ("stored_bytes_per_case", "每案占库 file growth per case"),
    ):
        table.add_row(name, *(f"{one[key]:,}" for one in found))
    return table


def _worklist(levels: list[Mapping[str, Any]]) -> Table:
    table = _table(
        "待办页和督办页，p50/p95 ms（行由SQL造出） · worklist and board, p50/p95 ms (rows made by SQL)",
        "待办数 open tasks", "待办读模型 read model", "待办页 worklist", "督办按地方 board", "按环节 by step",
        "按经办人 by officer",
    )  # fmt: skip
    for one in levels:
        ways = ("read_model", "http", "board", "board_by_step", "board_by_officer")
        cells = [f"{one[way]['p50_ms']:.1f} / {one[way]['p95_ms']:.1f}" for way in ways]
        table.add_row(f"{one['tasks']:,}", *cells)
    return table


def _loops(found: Mapping[str, Any]) -> Table:
    table = _table(
        "反复退回后的一步 · a transition after correction loops",
        "次数 loops", "CPU ms", "新案 new case CPU ms", "之比 ratio",
    )  # fmt: skip
    for one in found["levels"]:
        table.add_row(
            f"{one['loops']:,}",
            f"{one['cpu_ms']:.2f}",
            f"{one['new_case_cpu_ms']:.2f}",
            f"{one['ratio']:.2f}",
        )
    return table


def _alerts(databases: Mapping[str, Any]) -> Table:
    table = _table(
        "时限同时到期，工作进程随时被杀 · deadlines pass at once, workers are killed at random",
        "数据库 database", "待办 open tasks", "到期 deadlines", "提醒 alerts", "秒 s", "被杀 killed",
        "差错 wrong",
    )  # fmt: skip
    for database, one in databases.items():
        table.add_row(
            DATABASES[database], f"{one['tasks']:,}", f"{one['deadlines']:,}", f"{one['alerts']:,}",
            f"{one['seconds']:.1f}", str(one["killed"]), str(one["wrong"]),
        )  # fmt: skip
    return table


def _log(found: Mapping[str, Any]) -> Table:
    tree = found["tree"]
    table = _table(f"日志，{tree['entries']:,} 条 · the log, {tree['entries']:,} entries", "", "")
    proof = tree["proof"]
    rows = [
        ("追加，条/秒 appended per s", f"{tree['appended_per_second']:,}"),
        ("核对，条/秒/核 verified per s and core", f"{tree['verified_per_second']:,}"),
        ("证明 proof p50/p99 ms", f"{proof['p50_ms']:.2f} / {proof['p99_ms']:.2f}"),
    ]
    for database, lag in found["lag"].items():
        name, cost = DATABASES[database], found["cost"][database]
        rows += [
            (
                f"{name}: {lag['writers']}个写入者，公开滞后 lag p50/p99 s",
                f"{lag['p50_s']:.2f} / {lag['p99_s']:.2f}",
            ),
            (f"{name}: 每步，有无之比 with ÷ without, p50 / CPU", f"{cost['p50']:.2f} / {cost['cpu']:.2f}"),
        ]
    for row in rows:
        table.add_row(*row)
    return table


def _desk(database: str, found: Mapping[str, Any]) -> Table:
    """The inspector's desk; the ratio is that to what is asked of it."""
    flags = found["flags"]
    cases, mean = f"{found['cases']:,}", found["entries_mean"]
    table = _table(
        f"核查台，{DATABASES[database]}，{cases} 件，平均 {mean} 条 · the desk, {cases} cases of {mean} "
        "entries", "", "p50 ms", "p95 ms", "要求 asked ms", "p95 ÷ asked",
    )  # fmt: skip
    rows = {
        "打开重演（重新执行） open a replay": ("open", REPLAY_MS),
        "打开重演，页面 the page": ("open_page", REPLAY_MS),
        "走一步 one step": ("step", STEP_MS),
        "走一步，页面 the page": ("step_page", STEP_MS),
    }
    for words, (name, most) in rows.items():
        one = found[name]
        p50, p95 = one["p50_ms"], one["p95_ms"]
        table.add_row(words, f"{p50:.1f}", f"{p95:.1f}", f"{most:.0f}", f"{p95 / most:.2f}")
    table.add_section()
    for name, one in found["search"].items():
        many = f"{found['searched_cases']:,}"
        table.add_row(f"查找 search {many}: {name}", f"{one['p50_ms']:.1f}", f"{one['p95_ms']:.1f}", "–", "–")
    table.add_section()
    slowest = ", ".join(f"{rule} {seconds:.2f} s" for rule, seconds in flags["slowest"].items())
    table.add_row(
        f"数据表 facts: {flags['entries']:,} 条 entries, {flags['facts_s']:.2f} s, "
        f"{flags['facts_us_per_entry']:.0f} µs/条", "–", "–", "–", "–",
    )  # fmt: skip
    table.add_row(f"红旗 {flags['rules']} rules: {flags['rules_s']:.2f} s（{slowest}）", "–", "–", "–", "–")
    return table


def _expectations(found: list[Expectation]) -> Table:
    table = _table("预期 · expectations", "", "", "最多 at most", "测得 measured", words=2)
    marks = {True: "[green]✔ 达到 met[/]", False: "[red]✘ 未达到 not met[/]", None: "– 未测 not measured"}
    for one in found:
        allowed = f"{one.most:,.0f} {one.unit}" if one.unit == "B" else f"{one.most:,.3g} {one.unit}"
        figure = "–" if one.figure is None else f"{one.figure:,.3g} {one.unit}"
        if one.figure is not None and one.unit == "B":
            figure = f"{one.figure:,.0f} {one.unit}"
        table.add_row(marks[one.met], f"{one.what.zh}\n{one.what.en}", allowed, figure)
    return table
