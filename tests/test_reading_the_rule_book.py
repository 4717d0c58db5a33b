"""The rule book is read strictly: every fault is named, and nothing of a faulty one is used."""

from pathlib import Path

import pytest

import bpmn
from bpmn import Rulebook, RulebookError
from workflow.forms import require_sound

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return bpmn.load()


@pytest.fixture
def files(book: Rulebook) -> Files:
    return dict(book.files)


def changed(files: Files, path: str, old: str, new: str) -> Files:
    text = files[path].decode()
    assert old in text
    return {**files, path: text.replace(old, new, 1).encode()}


def faults_of(files: Files) -> list[bpmn.Fault]:
    with pytest.raises(RulebookError) as refused:
        bpmn.from_files(files)
    return list(refused.value.faults)


# --- what came with the program


def test_the_data_files_that_came_with_the_program_are_sound(book: Rulebook) -> None:
    require_sound(book)
    assert {"D01", "D05", "D09", "D12", "D27", "D27A", "D33", "D42", "M05"} <= book.limits.keys()
    assert list(book.reasons) == [f"R{number:02}" for number in range(1, 15)]


def test_the_limits_are_those_of_the_specification(book: Rulebook) -> None:
    rows = {row.id: (row.amount, row.unit) for row in book.limits.values() if not row.own and not row.on}
    assert rows == {
        "D01": (5, "wd"), "D02": (10, "wd"), "D03": (10, "wd"), "D04": (7, "d"), "D05": (5, "wd"),
        "D06": (7, "wd"), "D09": (10, "wd"), "D10": (7, "d"), "D11": (15, "wd"), "D12": (5, "wd"),
        "D13": (3, "d"), "D14": (10, "wd"), "D15": (20, "wd"), "D16": (5, "wd"), "D17": (10, "wd"),
        "D18": (2, "h"), "D19": (24, "h"), "D20": (10, "wd"), "D22": (15, "wd"), "D25": (4, "d"),
        "D27": (10, "wd"), "D27A": (1, "wd"), "D28": (10, "wd"), "D32": (60, "d"), "D33": (10, "wd"),
        "D34": (10, "wd"), "D35": (30, "d"), "D36": (10, "wd"), "D38": (20, "wd"), "D39": (20, "wd"),
        "D42": (30, "d"), "D44": (24, "h"), "D45": (5, "wd"),
    }  # fmt: skip
    dates = {row.id: row.on for row in book.limits.values() if row.on}
    assert dates == {
        "D08": "same_day 16:30 12:00", "D21": "month 10", "D23": "month end", "D24": "quarter end 15wd",
        "D26": "year 05-29", "D37": "quarter end 15wd", "D40": "month 5wd", "D41": "quarter end",
        "D41A": "year 12-31", "D43": "year 02-28",
    }  # fmt: skip


def test_limits_of_our_own_are_marked_as_such(book: Rulebook) -> None:
    assert all(row.own == row.id.startswith("M") for row in book.limits.values())


def test_an_escalation_says_where_the_supervisor_sits(book: Rulebook) -> None:
    assert book.station("SUP@township") == bpmn.Station("SUP", "township", "government")
    assert book.station("SUP@finance") == bpmn.Station("SUP", "county", "finance")
    assert book.station("TLEAD") == bpmn.Station("TLEAD", "township", "government")


def test_a_pause_and_a_question_are_no_reasons_to_refuse(book: Rulebook) -> None:
    offered = {choice.id for choice in book.forms["county_decision"].field("refusal_reason").choices}
    assert "R02" in offered
    assert not offered & {"R10", "R14"}


def test_the_states_in_which_the_clock_stands_give_the_legal_reason(book: Rulebook) -> None:
    paused = {row.id for row in book.states.values() if row.paused}
    assert paused == {
        "RETURNED_FOR_PAPERS", "PAUSED_PAPERS", "PAUSED_OBJECTION", "PAUSED_SERIOUS_ILLNESS",
        "NOTICE_1", "NOTICE_2", "NOTICE_3", "NOTICE_4", "PAUSED_CASE", "PAUSED_DEATH",
    }  # fmt: skip


def test_nothing_that_names_a_person_may_go_to_the_engine(book: Rulebook) -> None:
    kinds = {field.type for form in book.forms.values() for field in form.fields if field.variable}
    assert kinds <= {"choice", "choices", "yesno", "integer", "money"}


def test_no_wording_pleads_or_cheers(book: Rulebook) -> None:
    for path, content in book.files.items():
        if path.startswith(("forms/", "letters/")):
            words = content.decode().replace("申请", "")
            assert not [word for word in ("请", "温馨", "操作成功") if word in words]


# --- the digest


def test_the_same_files_have_the_same_digest(book: Rulebook, files: Files) -> None:
    turned = dict(reversed(files.items()))
    assert bpmn.from_files(turned).digest == book.digest


def test_one_letter_changed_is_another_rule_book(book: Rulebook, files: Files) -> None:
    assert bpmn.from_files(changed(files, "limits.toml", "amount = 5", "amount = 6")).digest != book.digest


def test_the_digest_is_over_path_and_content(files: Files) -> None:
    assert bpmn.digest_of({"b": "2", "a": "1"}) == bpmn.digest_of({"a": "1", "b": "2"})
    assert bpmn.digest_of({"a": "1"}) != bpmn.digest_of({"a": "2"})


# --- what is refused

FORM = "forms/village_review.toml"


@pytest.mark.parametrize(
    ("path", "old", "new", "element", "zh", "en"),
    [
        (FORM, "[[fields]]", "[[fields", "-", "TOML", "TOML"),
        (FORM, 'type = "date"', 'type = "day"', "meeting_date.type", "没有“day”", "no type 'day'"),
        (FORM, 'type = "date"', 'type = "date"\ncolour = "red"', "meeting_date.colour", "不认识", "unknown"),
        (FORM, 'id = "place"', 'id = "meeting_date"', "meeting_date", "重复", "twice"),
        (FORM, 'id = "place"', 'id = "Place"', "Place.id", "小写", "snake_case"),
        (FORM, 'id = "village_review"', 'id = "review"', "id", "文件名", "file name"),
        (FORM, "min = 2\nmax = 60", "min = 61\nmax = 60", "place.min", "大于", "above"),
        (FORM, 'min = "-60d"', 'min = "soon"', "meeting_date.min", "today", "today"),
        (
            FORM,
            'when = "voters_withdrawn > 0"',
            'when = "voter_withdrawn > 0"',
            "withdrawn_names.when",
            "没有出处",
            "nothing provides",
        ),
        (
            FORM,
            'when = "voters_withdrawn > 0"',
            'when = "open(voters_withdrawn)"',
            "withdrawn_names.when",
            "不合规定",
            "not a valid",
        ),
        (
            FORM,
            'check = "signatures >= review_signatures"',
            'check = "signatures >="',
            "rules[4].check",
            "不合规定",
            "not a valid",
        ),
        (
            FORM,
            'fields = ["signatures"]',
            'fields = ["signature"]',
            "rules[4].fields",
            "没有字段",
            "no field",
        ),
        (FORM, "签名{signatures}人。评议", "签名{signature}人。评议", "rules[4].message", "不一致", "differ"),
        (
            FORM,
            'id = "chair"\ntype = "name"',
            'id = "chair"\ntype = "name"\nvariable = true',
            "chair.variable",
            "明文",
            "in clear",
        ),
        (
            FORM,
            'label = { zh = "地点", en = "Place" }',
            'label = { zh = "地点" }',
            "place.label.en",
            "缺少",
            "missing",
        ),
        (
            FORM,
            'label = { zh = "地点", en = "Place" }',
            'label = { zh = "", en = "Place" }',
            "place.label.zh",
            "不能为空",
            "empty",
        ),
        (
            "forms/acceptance.toml",
            'choices_from = "papers"',
            'choices_from = "paper"',
            "missing.choices_from",
            "没有列表",
            "no list",
        ),
        (
            "forms/acceptance.toml",
            'when = "not supplemented"',
            'when = "supplemented.x"',
            "acceptance.incomplete.when",
            "不合规定",
            "not a valid",
        ),
        (
            "forms/acceptance.toml",
            'id = "not_accept"',
            'id = "accept"',
            "acceptance.choices",
            "重复",
            "twice",
        ),
        ("limits.toml", 'unit = "wd"', 'unit = "weeks"', "D01.unit", "没有“weeks”", "no unit"),
        ("limits.toml", "amount = 5", "amount = 0", "D01.amount", "最小", "at least"),
        ("limits.toml", 'escalate = ["SUP@township"]', 'escalate = ["BOSS"]', "D01.escalate", "BOSS", "BOSS"),
        ("limits.toml", 'warn = ["3wd"]', 'warn = ["soon"]', "D01.warn", "soon", "soon"),
        ("roles.toml", 'level = "village"', 'level = "moon"', "APP.level", "moon", "moon"),
        (
            "letters/refusal_decision.toml",
            "事实：{facts}",
            "事实：{fact}",
            "paragraphs[3]",
            "不一致",
            "differ",
        ),
        ("letters/closing.toml", "{handler}", "{handler", "paragraphs[1]", "括号", "braces"),
        ("letters/withdrawal_confirmation.toml", 'kind = "撤"', "kind = 7", "kind", "应为文字", "a text"),
    ],
)
def test_a_broken_file_is_refused_with_file_element_and_reason(
    files: Files, path: str, old: str, new: str, element: str, zh: str, en: str
) -> None:
    found = {(fault.file, fault.element): fault.reason for fault in faults_of(changed(files, path, old, new))}
    reason = found[path, element]
    assert zh in reason.zh
    assert en in reason.en


def test_a_placeholder_that_no_letter_can_fill_is_refused(files: Files) -> None:
    both = changed(files, "letters/review_note.toml", "{votes}", "{vote}")
    both = changed(both, "letters/review_note.toml", "{votes}", "{vote}")
    (fault,) = faults_of(both)
    assert (fault.file, fault.element) == ("letters/review_note.toml", "paragraphs[2]")


@pytest.mark.parametrize(
    ("old", "new", "element", "zh"),
    [
        (
            '[[rules]]\ncheck = "signatures >= review_signatures"',
            '[[rules]]\ncheck = "_x >= 10"',
            "rules[4].check",
            "_x",
        ),
        ('check = "signatures >= review_signatures"', 'check = "signatures >= 1.5"', "rules[4].check", "1.5"),
        ('check = "signatures >= review_signatures"', 'check = "max >= 10"', "rules[4].check", "max"),
        (
            'check = "signatures >= review_signatures"',
            'check = "min(signatures, default=1) >= 10"',
            "rules[4].check",
            "may be",
        ),
        ('fields = ["signatures"]\n', "", "rules[4].fields", "没有写明字段"),
        ("签名{signatures}人。评议", "签名{signatures:>5}人。评议", "rules[4].message", "占位符"),
        ('type = "name"', 'type = "name"\nmin = 2', "chair.min", "没有上下限"),
        ('type = "name"', 'type = "name"\nchoices_from = "papers"', "chair.choices", "没有选项"),
        ('id = "chair"\ntype = "name"', 'id = "chair"\ntype = "choice"', "chair.choices", "没有选项"),
        (
            'id = "chair"\ntype = "name"',
            'id = "chair"\ntype = "money"\nmax = "viel"',
            "chair.max",
            "应为金额",
        ),
        ("min = 2\nmax = 60", 'min = "2"\nmax = 60', "place.min", "应为整数"),
        ('fields = ["signatures"]\n', "fields = [1]\n", "rules[4].fields", "列表"),
        ('fields = ["signatures"]\n', 'fields = ["signatures", "signatures"]\n', "rules[4].fields", "重复"),
    ],
)
def test_a_broken_question_or_rule_is_named(files: Files, old: str, new: str, element: str, zh: str) -> None:
    found = faults_of(changed(files, FORM, old, new))
    assert [fault for fault in found if fault.element == element and zh in fault.reason.zh]


def test_a_form_without_questions_and_a_letter_without_words_are_refused(files: Files) -> None:
    head = b'title = { zh = "a", en = "a" }\nsource = "-"\n'
    files["forms/empty.toml"] = b'id = "empty"\nsubmit = { zh = "a", en = "a" }\n' + head
    files["forms/wrong.toml"] = b'id = "wrong"\nsubmit = { zh = "a", en = "a" }\nfields = [1]\n' + head
    files["letters/empty.toml"] = b'id = "mute"\nkind = "x"\n' + head
    files["variables.toml"] += (
        b'\n[odd]\nname = { zh = "a", en = "a" }\ntype = "float"\norigin = "moon"\n[flat]\nname = 1'
    )
    named = {(fault.file, fault.element) for fault in faults_of(files)}
    assert named >= {
        ("forms/empty.toml", "fields"),
        ("forms/wrong.toml", "fields[1]"),
        ("letters/empty.toml", "paragraphs"),
        ("letters/empty.toml", "id"),
        ("variables.toml", "odd.type"),
        ("variables.toml", "odd.origin"),
        ("variables.toml", "flat.name"),
        ("variables.toml", "flat.type"),
    }


def test_a_paragraph_that_waits_for_an_unknown_value_is_refused(files: Files) -> None:
    broken = changed(files, "letters/rights.toml", 'when_given = "review_site"', 'when_given = "site"')
    (fault,) = faults_of(broken)
    assert fault.file == "letters/rights.toml"
    assert fault.element == "paragraphs[4].when_given"


def test_a_file_that_another_part_reads_must_be_toml(files: Files) -> None:
    files["permissions.toml"] = b"= nothing"
    assert [fault.file for fault in faults_of(files)] == ["permissions.toml"]


def test_a_condition_that_only_the_engine_refuses_is_refused_before_a_case_meets_it(files: Files) -> None:
    broken = changed(
        files, FORM, 'when = "voters_withdrawn > 0"', "when = \"'a' * voters_withdrawn == 'aa'\""
    )
    broken = changed(
        broken, FORM, 'check = "signatures >= review_signatures"', "check = \"'a' * signatures == 'aa'\""
    )
    acceptance = "forms/acceptance.toml"
    broken = changed(broken, acceptance, 'when = "not supplemented"', "when = \"'a' * supplemented == 'aa'\"")
    with pytest.raises(RulebookError) as refused:
        require_sound(bpmn.from_files(broken))
    assert [(fault.file, fault.element) for fault in refused.value.faults] == [
        ("forms/acceptance.toml", "acceptance.incomplete.when"),
        (FORM, "withdrawn_names.when"),
        (FORM, "rules[4].check"),
    ]


def test_every_fault_of_every_file_is_reported_at_once(files: Files) -> None:
    files = changed(files, FORM, 'type = "date"', 'type = "day"')
    files = changed(files, "limits.toml", 'unit = "wd"', 'unit = "weeks"')
    files = changed(files, "letters/closing.toml", 'id = "closing"', 'id = "closing"\nseal = "red"')
    assert {fault.file for fault in faults_of(files)} == {FORM, "limits.toml", "letters/closing.toml"}


@pytest.mark.parametrize("path", ["limits.toml", "papers.toml", "letters/rights.toml"])
def test_a_missing_file_is_named(files: Files, path: str) -> None:
    del files[path]
    assert path in {fault.file for fault in faults_of(files)}


def test_a_file_that_is_not_utf8_is_named(files: Files) -> None:
    files["states.toml"] = b"\xff\xfe"
    assert ("states.toml", "-") in {(fault.file, fault.element) for fault in faults_of(files)}


def test_a_folder_can_be_read_like_the_files_of_the_program(tmp_path: Path, book: Rulebook) -> None:
    for path, content in book.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert bpmn.load(tmp_path).digest == book.digest
