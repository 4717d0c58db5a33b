"""`mingjian lint`: the faults of diagrams, forms, policies and red flags."""

import json
import sys
from pathlib import Path

import click

from bpmn.rulebook import DATA, SUFFIXES
from workflow.engine.lint import Fault, examine_folder
from workflow.flags.checking import check as check_flags
from workflow.rules import policy_faults


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。Print JSON.")
def lint(folder: Path | None, as_json: bool) -> None:
    """检查流程图、表单、政策：会走错的、不合规定的、画乱的。Check diagrams, forms and policies.

    FOLDER 默认是随程序的数据目录。FOLDER: the program's own data unless told otherwise.
    """
    folder = folder or DATA
    report = examine_folder(folder)
    faults = list(report.faults)
    if (folder / "policies").is_dir():
        paths = (path for path in folder.rglob("*.*") if path.suffix in SUFFIXES)
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        faults += [Fault(f.file, f.element, f.reason) for f in policy_faults(files, alone=bool(faults))]
    flags = {path.name: path.read_bytes() for path in sorted((folder / "flags").glob("RF-*.toml"))}
    faults += [Fault(f"flags/{f.file}", f.element, f.reason) for f in check_flags(flags).faults]
    if as_json:
        rows = [
            {"file": f.file, "element": f.element, "zh": f.reason.zh, "en": f.reason.en, "path": f.path}
            for f in faults
        ]
        found = {"faults": rows, "explored": dict(report.explored)}
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for scope, number in report.explored.items():
            click.echo(f"{scope}: 探索了 {number} 个局面 {number} markings explored")
        for f in faults:
            click.echo(f"✘ {f.file} · {f.element}: {f.reason.zh} · {f.reason.en}")
            if f.path:
                click.echo(f"    走法 way: {' → '.join(f.path)}")
        if not faults:
            click.echo("✔ 没有问题。Nothing to mend.")
    sys.exit(1 if faults else 0)
