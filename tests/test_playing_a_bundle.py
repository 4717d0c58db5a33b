"""A case out of its evidence bundle: played without a database, in print, and beside another case."""

import io
import json
import zipfile
from dataclasses import dataclass

import pytest
from click.testing import CliRunner
from erased import erase
from house_templates import Staged, opened, stage
from pages.desks import at_the_desk
from small_county import CaseFile, SetClock, SmallCounty

import audit
from web import pdf
from workflow.cli import mingjian
from workflow.evidence.bundle import write_bundle
from workflow.evidence.replaying import BundleRefused
from workflow.player.comparing import align
from workflow.player.from_bundle import beside, record_of_bundle
from workflow.player.from_house import record_of
from workflow.player.moment import chronicle, moment_at
from workflow.player.telling import lines_of
from workflow.reading.case_row import read_case
from workflow.reading.picture import picture


@dataclass
class Bundle:
    county: SmallCounty
    case: CaseFile
    files: dict[str, bytes]
    path: object

    def place(self, node):
        return next(e["seq"] for e in self.case.entries if e["task"] and e["task"]["node"] == node)


def bundled(county, case):
    file = io.BytesIO()
    with county.house.reader.connect() as conn:
        write_bundle(county.house, conn, county.staff["insp"].actor, case.id, file, county.clock.at)
    with zipfile.ZipFile(file) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def pack(files, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in sorted(files.items()):
            packed.writestr(name, content)
    return path


@pytest.fixture(scope="module")
def home(template, tmp_path_factory) -> Staged:
    return stage(template, tmp_path_factory.mktemp("bundle") / "home", "archive_case")


@pytest.fixture(scope="module")
def bundle(home, template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("handed")
    county, case = home.copy(template, folder / "home")
    files = bundled(county, case)
    yield Bundle(county, case, files, pack(files, folder / "case.zip"))
    county.house.close()


@pytest.fixture
def changed(bundle, tmp_path):
    def make(change):
        files = dict(bundle.files)
        change(files)
        return pack(files, tmp_path / "changed.zip")

    return make


def told(report):
    return {line.code for line in report.lines if line.mark == "bad"}


def test_a_bundle_plays_as_the_database_does(bundle):
    """The same verdicts, the same changes, the same clocks, papers, sheets and letters; names apart."""
    alone = record_of_bundle(bundle.path).record
    with bundle.county.house.reader.connect() as conn:
        row = read_case(conn, bundle.case.id)
        now = bundle.county.clock.at
        here = record_of(bundle.county.house, conn, row, now, opened=True, fresh=True).record
    for mine, theirs in zip(chronicle(alone), chronicle(here), strict=True):
        assert mine.frame.verdict == theirs.frame.verdict and mine.frame.linked
        assert mine.changes == theirs.changes, mine.head
        assert mine.clocks == theirs.clocks
        assert [p.digest for p in mine.papers] == [p.digest for p in theirs.papers]
        assert {p.state for p in mine.papers} <= {"held"}
        assert (mine.sheet and mine.sheet.sheets) == (theirs.sheet and theirs.sheet.sheets)
        assert mine.sheet is None or mine.sheet.fits
        assert [(x.seq, x.number) for x in mine.letters] == [(x.seq, x.number) for x in theirs.letters]
        assert [step.kind for step in mine.steps] == [step.kind for step in theirs.steps]


def test_a_tampered_bundle_names_the_step_and_shows_the_rest(bundle, changed):
    seq = bundle.place("record_review")

    def turn(files):
        entry = json.loads(files[f"entries/{seq:06d}.json"])
        entry["vars"]["answers"].update(votes_yes=1, votes_no=30)
        files[f"entries/{seq:06d}.json"] = audit.canonical.encode(entry)

    found = record_of_bundle(changed(turn))
    frames = found.record.film.frames
    assert [frame.seq for frame in frames if frame.verdict.kind == "differs"] == [seq]
    assert not frames[seq + 1].linked, "the next one holds the hash of another"
    assert found.report.counts["bad"]
    assert "30" in " ".join(lines_of(found.record))


def test_an_opening_that_is_not_what_was_committed_to_is_said(bundle, changed):
    seq = bundle.place("record_review")

    def another_chair(files):
        name = f"openings/{seq:06d}.json"
        given = json.loads(files[name])
        given["chair"][1] = "别人"
        files[name] = json.dumps(given).encode()

    moment = moment_at(record_of_bundle(changed(another_chair)).record, seq)
    chair = next(change for change in moment.changes if change.name == "chair")
    assert chair.new.state == "wrong"


def test_a_missing_rule_book_and_a_missing_entry_are_said(bundle, changed):
    def no_diagram(files):
        for name in [name for name in files if name.endswith("flows/sub_posting.bpmn")]:
            del files[name]

    found = record_of_bundle(changed(no_diagram))
    assert any("不在包里，或者被改过" in note.zh for note in found.record.notes)
    first = moment_at(found.record, 0)
    assert first.frame.verdict.kind == "differs" and first.drawn is None
    assert any(line.name == "filed_by" for line in first.lines), "what the entry holds is shown"

    def no_entry(files):
        del files["entries/000004.json"]

    gone = record_of_bundle(changed(no_entry)).record.film.frames
    assert gone[4].entry is None and "不在了" in gone[4].verdict.what.zh
    assert gone[5].verdict.kind == "unknown"


def test_a_bundle_of_another_log_is_said(bundle, home, template, tmp_path):
    """An office with other keys: neither the log nor the case is its own."""
    clock = SetClock(home.at)
    other = tmp_path / "other"
    url = template.copy("sqlite", other)
    (other / "log").mkdir(exist_ok=True)
    vkey = "mingjian/110000/log+00000000+AAAA"
    key = {"log": "mingjian", "purpose": "tree", "vkey": vkey}
    (other / "log" / "keys.json").write_text(json.dumps({"keys": [key]}))
    house = opened(template, url, other, clock)
    files = dict(bundle.files)
    manifest = json.loads(files["manifest.json"])
    manifest["log_keys"] = ["mingjian/360829/log+11111111+BBBB"]
    files["manifest.json"] = json.dumps(manifest).encode()
    found = record_of_bundle(pack(files, tmp_path / "x.zip"))
    with house.reader.connect() as conn:
        words = [one.zh for one in beside(house, conn, found)]
    house.close()
    assert "另一本日志" in words[0] and "没有这件案卷" in words[1]
    with bundle.county.house.reader.connect() as conn:
        assert "逐字节相同" in beside(bundle.county.house, conn, record_of_bundle(bundle.path))[-1].zh


def test_an_erased_case_plays_from_its_bundle(home, template, tmp_path):
    county, case = home.copy(template, tmp_path / "home")
    county.drive(case, "end", {})
    county.clock.forward(days=400)
    county.night()
    erase(county, case)
    found = record_of_bundle(pack(bundled(county, case), tmp_path / "erased.zip"))
    county.house.close()
    assert all(frame.verdict.sound for frame in found.record.film.frames)
    last = moment_at(found.record, len(found.record.film.frames) - 1)
    assert {line.value.state for line in last.lines} == {"clear", "erased"}
    assert {paper.state for paper in last.papers} == {"erased"}
    assert any("依法删除" in note.zh for note in found.record.notes)


def test_the_program_tells_a_bundle_without_any_database(bundle, changed, tmp_path):
    def run(*given):
        return CliRunner().invoke(
            mingjian, ["--home", str(tmp_path / "nothing"), "inspect", "bundle", *map(str, given)]
        )

    found = run(bundle.path)
    assert found.exit_code == 0, found.output
    assert "民主评议" in found.output and "逐字节相同" in found.output
    assert not (tmp_path / "nothing").exists()

    def cut(files):
        del files["entries/000004.json"]

    assert run(changed(cut)).exit_code == 1
    (tmp_path / "junk.zip").write_bytes(b"junk")
    assert run(tmp_path / "junk.zip").exit_code == 2
    with pytest.raises(BundleRefused):
        record_of_bundle(tmp_path / "junk.zip")


def test_the_page_shows_a_bundle_and_keeps_nothing_of_it(bundle):
    county = bundle.county
    inspector = at_the_desk(county, "insp")
    page = inspector.opens("/inspect/bundle")
    before = {path for path in county.house.home.rglob("*") if path.is_file()}
    shown = inspector.submits(page, "/inspect/bundle", bundle=("case.zip", bundle.path.read_bytes()))
    assert shown.status == 200, shown.words[:300]
    assert "逐字节相同" in shown.words
    assert len(shown.tree.xpath("//section[starts-with(@id, 'e')]")) == len(bundle.case.entries)
    after = {path for path in county.house.home.rglob("*") if path.is_file()}
    assert {path.suffix for path in after - before} <= {".sqlite-wal", ".sqlite-shm"}
    assert bundle.case.reads[-1]["vars"]["what"] == "bundle_shown"
    refused = inspector.submits(page, "/inspect/bundle", bundle=("x.zip", b"junk"))
    assert refused.status == 422 and set(refused.errors()) == {"bundle"}
    assert at_the_desk(county, "chnd").opens("/inspect/bundle").status == 403


def test_the_page_draws_where_the_case_stood_from_the_diagrams_in_the_bundle(bundle):
    inspector = at_the_desk(bundle.county, "insp")
    page = inspector.opens("/inspect/bundle")
    tree = inspector.submits(page, "/inspect/bundle", bundle=("case.zip", bundle.path.read_bytes())).tree
    record = record_of_bundle(bundle.path).record
    symbols = {symbol.get("id"): symbol for symbol in tree.xpath("//symbol")}
    for moment in chronicle(record):
        (drawn,) = tree.xpath(f"//section[@id='e{moment.number}']//div[@class='mj-drawn']/svg")
        walked = {step.element.id: step.kind for step in moment.steps if step.kind != "open"}
        marked = {g.get("data-step"): g.get("class").removeprefix("mj-d-") for g in drawn.xpath("./g")}
        assert marked == walked
        content = next(
            found for name, found in bundle.files.items()
            if name.endswith(f"/{moment.drawn.file}") and moment.rules.digest in name
        )  # fmt: skip
        diagram = picture(content)
        symbol = symbols[drawn.xpath("./use/@href")[0].removeprefix("#")]
        assert len(symbol.xpath("./polyline")) == len(diagram.ways) > 3
        assert "".join(symbol.itertext()).replace("\n", "") == "".join(
            words.text for words in in_order(diagram)
        )
        for group in drawn.xpath("./g"):
            box = diagram.box(group.get("data-step"))
            at = [float(group[0].get(key)) for key in ("x", "y", "width", "height")]
            assert at == [box.x, box.y, box.width, box.height]
    assert {"now", "done"} <= {g.get("class")[5:] for g in tree.xpath("//div[@class='mj-drawn']//g")}
    assert len(symbols) > 1


def in_order(diagram):
    lanes = ("participant", "lane")
    yield from (one for shape in diagram.shapes if shape.kind in lanes for one in shape.words)
    yield from (one for shape in diagram.shapes if shape.kind not in lanes for one in shape.words)
    yield from (one for way in diagram.ways for one in way.words)


def test_the_chronicle_is_printed_with_every_entry(bundle, monkeypatch):
    bodies = []
    monkeypatch.setattr(pdf, "pdf_of", lambda body, **given: bodies.append(body) or b"%PDF-1.7")
    page = at_the_desk(bundle.county, "insp").opens(f"/inspect/{bundle.case.id}/chronicle.pdf")
    assert page.status == 200 and page.headers["Content-Type"] == "application/pdf"
    words = bodies[0]
    assert words.count("<table>") == len(bundle.case.entries) + 1
    assert words.count("✔ 重走结果与记录逐字节相同") == sum(
        entry["command"]["name"] != "none" for entry in bundle.case.entries
    )
    assert "未开封" in words and "王清杰" in words and "入库" in words
    assert bundle.case.reads[-1]["vars"]["what"] == "chronicle"


def test_two_cases_stand_side_by_side_step_by_step(home, template, tmp_path):
    county, case = home.copy(template, tmp_path / "home")
    county.born = 400  # other birthdays than those of the copy
    other = county.drive(county.staff["vlia1"].files(*county.household()), "check_papers", {})
    missing = {"acceptance": "incomplete", "missing": ["passbook"], "missing_note": "存折复印件"}
    county.staff["twin1"].checks_papers(other, help_offered="none", **missing)
    county.staff["twin1"].receives_supplement(other, received=["passbook"])
    county.drive(other, "enquire", {})
    with county.house.reader.connect() as conn:
        both = [
            list(chronicle(record_of(county.house, conn, read_case(conn, c.id), county.clock.at,
                                     opened=False, fresh=True).record))
            for c in (case, other)
        ]  # fmt: skip
    rows = align(*both)
    assert [left for left, _ in rows if left is not None] == both[0]
    assert [right for _, right in rows if right is not None] == both[1]
    nodes = [tuple(m and (m.entry["task"] or {}).get("node") for m in row) for row in rows]
    assert ("check_papers", "check_papers") in nodes and (None, "receive_supplement") in nodes
    page = at_the_desk(county, "insp").opens(f"/inspect/compare?a={case.row.number}&b={other.row.number}")
    assert page.status == 200
    assert len(page.tree.xpath("//table[contains(@class,'mj-compare')]/tbody/tr")) == len(rows)
    assert at_the_desk(county, "insp").opens("/inspect/compare?a=x&b=y").status == 422
    county.house.close()
