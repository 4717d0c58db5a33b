"""Case histories leave the house as data for process mining, in two standard formats and without a name.

The structure is checked here by the rules of the standards; pm4py reads both without a warning, in an
environment of its own (it is AGPL: no part of the product).
"""

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from lxml import etree
from pages.desks import at_the_desk
from small_county import SmallCounty

import audit
from workflow.cli import mingjian
from workflow.demo.staff import PASSWORD
from workflow.errors import AnswersRefused, NotAllowed
from workflow.mining.disclosure import Disclosure
from workflow.mining.handing_out import OCEL, XES, Export, hand_out
from workflow.mining.selection import Selection
from workflow.store.models import Account, Case, Organisation, Person

ROOT = Path(__file__).parent.parent
PM4PY = ROOT / ".pm4py/bin/python"
REASON = "年度流程分析"
SPACE = "{http://www.xes-standard.org/}"
KEY = bytes(range(32))
TEXT, TIME = {"type": str}, {"type": "time"}


@pytest.fixture(scope="module")
def two_cases(paid_stage, template, tmp_path_factory) -> Iterator[SmallCounty]:
    """One that has been paid, and one that has just begun. Exports only add to its log."""
    county, _ = paid_stage.copy(template, tmp_path_factory.mktemp("two") / "home")
    county.drive(county.staff["vlia1"].files(*county.household()), "check_papers", {})
    yield county
    county.house.close()


def numbers(county: SmallCounty) -> list[str]:
    return [row.number for row in sorted(county.rows(Case), key=lambda row: row.opened_at)]


def take(
    county: SmallCounty, form: str, random=lambda size: KEY, *, identified=False, by="insp", **wanted
) -> bytes:
    out = BytesIO()
    export = Export(form, Selection(**wanted), REASON, identified)
    hand_out(county.house, county.staff[by].actor, export, out, county.clock(), uuid4().hex, random)
    return out.getvalue()


def traces(content: bytes) -> list[list[dict[str, str]]]:
    return [
        [{one.get("key"): one.get("value") for one in event} for event in trace.iter(f"{SPACE}event")]
        for trace in etree.fromstring(content).iter(f"{SPACE}trace")
    ]


def test_xes_has_the_structure_of_the_standard(two_cases):
    log = etree.fromstring(take(two_cases, XES))
    assert (log.tag, log.get("xes.version")) == (f"{SPACE}log", "1849-2016")
    kinds = [child.tag.removeprefix(SPACE) for child in log]
    order = ["extension", "global", "classifier", "string", "trace"]
    assert kinds == sorted(kinds, key=order.index)
    prefixes = {child.get("prefix"): child.get("uri") for child in log.iter(f"{SPACE}extension")}
    assert prefixes == {
        prefix: f"http://www.xes-standard.org/{prefix}.xesext"
        for prefix in ("concept", "lifecycle", "time", "org")
    }
    attributes = [one for one in log.iter() if one.get("key")]
    assert {one.tag.removeprefix(SPACE) for one in attributes} == {"string", "date"}
    for one in attributes:
        prefix, colon, _ = one.get("key").rpartition(":")
        assert not colon or prefix in prefixes, one.get("key")
    promised = {scope.get("scope"): {one.get("key") for one in scope} for scope in log.iter(f"{SPACE}global")}
    assert promised.keys() == {"trace", "event"}
    for scope, keys in promised.items():
        for found in log.iter(f"{SPACE}{scope}"):
            given = [one.get("key") for one in found if one.get("key")]
            assert keys <= set(given)
            assert len(given) == len(set(given))
    (classifier,) = log.iter(f"{SPACE}classifier")
    assert classifier.get("keys") in promised["event"]
    for course in traces(take(two_cases, XES)):
        times = [datetime.fromisoformat(event["time:timestamp"]) for event in course]
        assert times == sorted(times)


def test_xes_tells_what_happened_in_the_words_of_the_diagrams(two_cases):
    paid, begun = traces(take(two_cases, XES))
    assert [event["concept:name"] for event in begun] == ["登记申请", "移交申请材料"]
    decided = next(event for event in paid if event.get("step") == "decide")
    assert (decided["org:role"], decided["answer_decision"]) == ("CAPR", "approve")
    assert (
        "order_payment" in next(event for event in paid if event.get("step") == "recheck_payment")["effects"]
    )


def validate(value, rule, where="log"):
    """The rules of the standard's JSON schema, by hand."""
    if rule is TIME:
        assert datetime.fromisoformat(value).tzinfo is not None, where
    elif rule is TEXT:
        assert isinstance(value, str), where
    elif isinstance(rule, list):
        assert isinstance(value, list), where
        for number, one in enumerate(value):
            validate(one, rule[0], f"{where}[{number}]")
    else:
        assert value.keys() == rule.keys(), where
        for name, inner in rule.items():
            validate(value[name], inner, f"{where}.{name}")


RELATED = [{"objectId": TEXT, "qualifier": TEXT}]
TYPE = {"name": TEXT, "attributes": [{"name": TEXT, "type": TEXT}]}
EVENT = {
    "id": TEXT,
    "type": TEXT,
    "time": TIME,
    "attributes": [{"name": TEXT, "value": TEXT}],
    "relationships": RELATED,
}
OBJECT = {
    "id": TEXT,
    "type": TEXT,
    "attributes": [{"name": TEXT, "value": TEXT, "time": TIME}],
    "relationships": RELATED,
}
SCHEMA = {"eventTypes": [TYPE], "objectTypes": [TYPE], "events": [EVENT], "objects": [OBJECT]}


def test_ocel_has_the_structure_of_the_standard(two_cases):
    log = json.loads(take(two_cases, OCEL))
    validate(log, SCHEMA)
    objects = {one["id"]: one["type"] for one in log["objects"]}
    assert len(objects) == len(log["objects"])
    assert len({event["id"] for event in log["events"]}) == len(log["events"])
    for kind, members in (("eventTypes", log["events"]), ("objectTypes", log["objects"])):
        known = {one["name"]: {each["name"] for each in one["attributes"]} for one in log[kind]}
        assert len(known) == len(log[kind])
        assert {member["type"] for member in members} == known.keys()
        for member in members:
            assert {each["name"] for each in member["attributes"]} <= known[member["type"]]
        for member in members:
            assert {related["objectId"] for related in member["relationships"]} <= objects.keys()


def test_ocel_ties_events_to_all_they_touch(two_cases):
    log = json.loads(take(two_cases, OCEL))
    kinds = {one["id"]: one["type"] for one in log["objects"]}
    ties = {
        (event["type"], kinds[one["objectId"]], one["qualifier"])
        for event in log["events"]
        for one in event["relationships"]
    }
    assert set(kinds.values()) == {
        "case",
        "applicant",
        "officer",
        "office",
        "letter",
        "calculation",
        "payment",
    }
    assert {("复核拨付申请", "payment", "orders"), ("确认到账", "payment", "settles")} <= {
        tie for tie in ties if tie[1] == "payment"
    }
    paid = next(one for one in log["objects"] if one["type"] == "case")
    states = [each["value"] for each in paid["attributes"] if each["name"] == "state"]
    assert states[0] == "SUBMITTED"
    assert len(states) > 8


@pytest.mark.parametrize("form", [XES, OCEL])
def test_nothing_of_a_person_is_in_it(two_cases, form):
    """Nor a number by which the office would know case, officer or place."""
    for content in (take(two_cases, form), take(two_cases, form, identified=True)):
        text = content.decode()
        for person in two_cases.rows(Person):
            assert person.name not in text
            assert person.id_number not in text
        for account in two_cases.rows(Account):
            assert account.name not in text
    text = take(two_cases, form, until=two_cases.today).decode()
    for case in two_cases.rows(Case):
        assert case.number not in text
        assert str(case.id) not in text
    for place in two_cases.rows(Organisation):
        assert place.code not in text
    assert "4875" not in text
    assert "3001-5000" in text


def test_pseudonyms_hold_within_an_export_and_not_beyond_it(two_cases):
    first, other = take(two_cases, XES), take(two_cases, XES, lambda size: bytes(size), until=two_cases.today)
    names = {event["org:resource"] for course in traces(first) for event in course}
    again = {event["org:resource"] for course in traces(other) for event in course}
    assert len(names) == len(again) > 5
    assert names & again == {"officer-program"}
    both = [{event["org:resource"] for event in course} for course in traces(first)]
    assert (both[0] & both[1]) - {"officer-program"}, "the same officer in two cases has one name"


def test_with_numbers_it_can_be_joined_to_the_register(two_cases):
    paid, _ = traces(take(two_cases, XES, identified=True))
    told = etree.fromstring(take(two_cases, XES, identified=True, until=two_cases.today))
    found = {
        trace.find(f"{SPACE}string[@key='concept:name']").get("value") for trace in told.iter(f"{SPACE}trace")
    }
    assert found == {f"case-{number}" for number in numbers(two_cases)}
    assert any(event.get("answer_votes_yes") for event in paid)


def test_a_selection_is_by_day_flow_township_and_number(two_cases):
    def found(**wanted) -> int:
        return len(traces(take(two_cases, XES, **wanted)))

    (township,) = {row.township for row in two_cases.rows(Case)}
    begun = two_cases.today
    assert found(numbers=(numbers(two_cases)[1],)) == 1
    assert found(township=township) == found() == 2
    assert found(township="360829999000") == found(flow="ma_basic_check_filing") == 0
    assert found(since=begun) == found(until=begun - timedelta(days=1)) == 1
    assert found(since=begun, until=begun) == 1


def exports(county: SmallCounty):
    chain = audit.chain_of(audit.SYSTEM_CHAIN, audit.READS)
    with county.house.reader.connect() as conn:
        found = [each.entry for name in (audit.SYSTEM_CHAIN, chain) for each in audit.entries(conn, name)]
    return [entry for entry in found if entry["type"] == "file_exported"]


def test_an_export_stands_in_the_log_before_it_is_written(two_cases):
    township = two_cases.rows(Case)[0].township
    take(two_cases, XES, township=township)
    entry = exports(two_cases)[-1]
    assert entry["vars"] == {
        "what": "xes", "count": 2, "anonymous": True, "selection": {"township": township[:9]},
    }  # fmt: skip
    assert entry["actor"]["role"] == "INSP"
    assert entry["commit"].keys() == {"reason"}

    class Broken(BytesIO):
        def write(self, content):
            raise OSError("the stick was pulled")

    with pytest.raises(OSError, match="pulled"):
        export = Export(OCEL, Selection(), REASON)
        hand_out(
            two_cases.house, two_cases.staff["insp"].actor, export, Broken(), two_cases.clock(), "pulled"
        )
    assert exports(two_cases)[-1]["vars"] == {"what": "ocel", "count": 2, "anonymous": True, "selection": {}}


def test_it_takes_a_reason_and_the_right_seat(two_cases):
    before = len(exports(two_cases))
    blank = Export(XES, Selection(), "  ")
    with pytest.raises(AnswersRefused, match="The reason has 0"):
        hand_out(two_cases.house, two_cases.staff["insp"].actor, blank, BytesIO(), two_cases.clock(), "blank")
    out = BytesIO()
    with pytest.raises(NotAllowed):
        export = Export(XES, Selection(), REASON)
        hand_out(two_cases.house, two_cases.staff["capr"].actor, export, out, two_cases.clock(), "capr")
    assert out.getvalue() == b""
    assert len(exports(two_cases)) == before


def test_it_works_on_each_database(county, case_at):
    case_at("check_papers")
    course, log = traces(take(county, XES))[0], json.loads(take(county, OCEL))
    assert [event["type"] for event in log["events"]] == [event["concept:name"] for event in course]
    assert [event["concept:name"] for event in course] == ["登记申请", "移交申请材料"]


def test_amounts_come_in_bands():
    told = Disclosure(KEY).amount
    yuan = ("0", "0.01", "500", "500.01", "4875", "50000", "50000.01")
    assert [told(Decimal(one)) for one in yuan] == [
        "0", "1-500", "1-500", "501-1000", "3001-5000", "30001-50000", ">50000",
    ]  # fmt: skip
    assert Disclosure(None).amount(Decimal(4875)) == "4875.00"


READ = """
import json, sys, warnings
import pm4py
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    log = pm4py.read_xes(sys.argv[1], variant="iterparse")
    objects = pm4py.read_ocel2(sys.argv[2])
    net = pm4py.discover_dfg(log)
print(json.dumps({
    "cases": log["case:concept:name"].nunique(), "events": len(log),
    "activities": log["concept:name"].nunique(), "times": str(log["time:timestamp"].dtype),
    "starts": list(net[1]),
    "ocel_events": len(objects.events), "ocel_objects": len(objects.objects),
    "ocel_relations": len(objects.relations), "changes": len(objects.object_changes),
    "warnings": [str(one.message) for one in told],
}))
"""


def test_pm4py_reads_both_without_a_warning(two_cases, tmp_path):
    assert PM4PY.exists(), "`make .stamps/pm4py` puts pm4py into an environment of its own; `make test` does"
    (tmp_path / "log.xes").write_bytes(take(two_cases, XES))
    (tmp_path / "log.json").write_bytes(take(two_cases, OCEL))
    done = subprocess.run(
        [PM4PY, "-c", READ, tmp_path / "log.xes", tmp_path / "log.json"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower()
    told = json.loads(done.stdout.splitlines()[-1])
    courses, log = traces(take(two_cases, XES)), json.loads(take(two_cases, OCEL))
    assert told == {
        "cases": 2,
        "events": sum(map(len, courses)),
        "activities": len({event["concept:name"] for course in courses for event in course}),
        "times": told["times"],
        "starts": ["登记申请"],
        "ocel_events": len(log["events"]),
        "ocel_objects": len(log["objects"]),
        "ocel_relations": sum(len(event["relationships"]) for event in log["events"]),
        "changes": told["changes"],
        "warnings": [],
    }
    assert told["times"].startswith("datetime64[")
    assert told["changes"] > 8


def test_the_command_writes_the_file(two_cases, tmp_path):
    base = ["--database", str(two_cases.house.engine.url.render_as_string(hide_password=False))]
    base += ["--home", str(two_cases.house.home), "export"]
    more = ["--as", "insp", "--reason", REASON, "--from", "2026-01-01", "--flow", "ma_ordinary_county"]
    out = tmp_path / "log.xes"
    done = CliRunner().invoke(mingjian, [*base, "xes", str(out), *more], input=f"{PASSWORD}\n")
    assert (done.exit_code, len(traces(out.read_bytes()))) == (0, 2), done.output
    assert "2 件案件" in done.output
    refused = CliRunner().invoke(
        mingjian,
        [*base, "ocel", str(tmp_path / "no.json"), "--as", "capr", "--reason", REASON],
        input=f"{PASSWORD}\n",
    )
    assert refused.exit_code == 2
    assert not (tmp_path / "no.json").exists()


def test_an_inspector_takes_them_from_the_page(two_cases):
    inspector = at_the_desk(two_cases, "insp")
    assert "/inspect/export" in inspector.opens("/inspect").links()
    page = inspector.opens("/inspect/export")
    assert "去标识化" in page.words
    given = {
        "form": "ocel",
        "since": "2026-01-01",
        "numbers": "，".join(numbers(two_cases)),
        "reason": REASON,
    }
    typed = {**dict(page.form().form_values()), **given}
    with inspector.client.post(page.path, data=typed) as taken:
        assert taken.headers["Content-Disposition"].endswith(".json")
        validate(json.loads(taken.data), SCHEMA)
    assert exports(two_cases)[-1]["vars"]["count"] == 2


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"reason": ""}, "reason", "理由只写了0个字"),
        ({"since": "1. März"}, "since", "不是日期"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "until", "结束的日子早于开始的日子"),
    ],
)
def test_what_is_wrong_on_the_page_is_said_and_kept(two_cases, wrong, field, said):
    before = len(exports(two_cases))
    inspector = at_the_desk(two_cases, "insp")
    page = inspector.opens("/inspect/export")
    refused = inspector.submits(page, **{"reason": REASON, "form": "ocel", **wrong})
    assert refused.status == 422
    assert said in refused.errors()[field]
    assert 'value="ocel" checked' in refused.text
    assert len(exports(two_cases)) == before


def test_the_page_is_for_those_who_check_others(two_cases):
    assert at_the_desk(two_cases, "chnd").opens("/inspect/export").status == 403
