"""Deciding who may: role, area, kin and separation of duties (domain 6)."""

import sys
import timeit
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bpmn
from bpmn.faults import RulebookError
from bpmn.text import Text
from workflow.actor import SYSTEM, Actor
from workflow.errors import NotAllowed
from workflow.permissions import (
    MATRIX,
    TaskFacts,
    can_complete,
    in_area,
    incompatible,
    kind_of,
    may,
    require,
    require_can_complete,
)
from workflow.register.matrix import read_matrix
from workflow.rules import prepare

VILLAGE, SISTER, ELSEWHERE = "360829100001", "360829100002", "360829101001"
TOWNSHIP, OTHER_TOWNSHIP = "360829100000", "360829101000"
COUNTY, MSB = "360829000000", "360829-msb"
ALL_ROLES = list(MATRIX.roles)


def actor(role: str, org: str, account: int = 7) -> Actor:
    return Actor(account_id=account, seat_id=account, role=role, org=org)


def step(role: str = "TREV", org: str = TOWNSHIP, **facts: object) -> TaskFacts:
    return TaskFacts(
        role=role,
        org=org,
        node=str(facts.pop("node", "audit_file")),
        village=VILLAGE,
        township=TOWNSHIP,
        county=COUNTY,
        **facts,  # type: ignore[arg-type]
    )


def refused(who: Actor, task: TaskFacts) -> NotAllowed:
    with pytest.raises(NotAllowed) as caught:
        require_can_complete(who, task)
    assert not can_complete(who, task)
    return caught.value


# The matrix, row by row as domain 6.1 has it: the letters of each column -----------------------

COLUMNS = [
    ["APP", "AGT"], ["GRID", "VLIA"], ["VHEAD", "REP"], ["TWIN"], ["TINV"], ["TREV", "TLEAD"],
    ["CHND", "CCHK"], ["CAPR"], ["CAFF"], ["DEPT"], ["FIN1", "FIN2"], ["HOSP"], ["SUP"], ["INSP"],
    ["PUB"], ["REVW"], ["ARCH"], ["ADM"],
]  # fmt: skip
ROWS = {
    "file_application": "C C - C - - - - - - - C - - - - - -",
    "view_case": "R r r R R R R R r r r r R R r R R -",
    "survey": "- - - - C - - - - - - - - - - - - -",
    "give_opinion": "- - - - - D - - - - - - - - - - - -",
    "calculate": "- - - - - - X - - - - - - - - - - -",
    "view_calculation": "r - - r - r X R - r R r R R - R - -",
    "change_categories": "- - - - - - - - C C - - - - - - - -",
    "post_list": "- C - C - - C - - - - - - - - - - -",
    "release_list": "- - - - - - - - - - - - - - D - - -",
    "receive_objection": "C C - C - - C - - - - - - - - - - -",
    "request_extension": "- - - - - request request - - - - - - - - - - -",
    "extend_deadline": "- - - - - - - - - - - - D - - - - -",
    "press": "- - - - - - - - - - - - X - - - - -",
    "replay": "- - - - - - - - - - - - - X - - - -",
    "decide_appeal": "- - - - - - - - - - - - - - - D - -",
    "archive": "- - - - - - - - - - - - - - - - C -",
    "propose_policy": "- - - - - - propose - - - - - - - - - - -",
    "release_policy": "- - - - - - - D - - - - - - - - - -",
    "load_policy": "- - - - - - - - - - - - - - - - - load",
    "manage_accounts": "- - - - - - - - - - - - - - - - - C",
}


@pytest.mark.parametrize("action", ROWS)
def test_the_matrix_is_the_one_of_the_specification(action: str) -> None:
    for roles, word in zip(COLUMNS, ROWS[action].split(), strict=True):
        for role in roles:
            grant = may(role, action)
            if word == "-":
                assert grant is None, role
            else:
                assert grant is not None and word in grant.words, role


def test_full_numbers_are_for_those_who_work_with_them() -> None:
    allowed = {role for role in ALL_ROLES if may(role, "view_full_id")}
    assert allowed == {
        "APP", "AGT", "TWIN", "TINV", "TREV", "TLEAD", "CHND", "CCHK", "CAPR", "CAFF", "HOSP", "INSP",
        "REVW", "ARCH",
    }  # fmt: skip
    assert {role for role in ALL_ROLES if may(role, "view_account")} == allowed | {"FIN2"}


def test_the_village_and_the_deciders_never_learn_who_objected() -> None:
    allowed = {role for role in ALL_ROLES if may(role, "view_objector")}
    assert allowed == {"TWIN", "TINV", "CHND", "INSP", "REVW"}


def test_the_county_decision_has_one_approver() -> None:
    plain = {role for role in ALL_ROLES if (grant := may(role, "decide")) and not grant.conditions}
    assert plain == {"CAPR"}


def test_the_administrator_sees_no_case() -> None:
    asked = {action.id for action in MATRIX.actions.values() if action.case}
    assert not [action for action in asked if may("ADM", action)]


@pytest.mark.parametrize("role", ["INSP", "AUD", "ADM", "SYS", "PUBLIC", "", "%", "capr"])
def test_nobody_outside_the_steps_completes_one(role: str) -> None:
    assert may(role, "complete_task") is None


def test_nobody_may_change_an_audit_event() -> None:
    assert not [action for action in MATRIX.actions if "audit_event" in action]
    assert may("ADM", "change_audit_event") is None


def test_masked_reading_is_told_apart() -> None:
    village, county = may("VLIA", "view_case"), may("CHND", "view_case")
    assert village is not None and village.masked
    assert county is not None and not county.masked
    agenda = may("REP", "view_case")
    assert agenda is not None and agenda.shapes == {"agenda"}


# Areas ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("org", "place", "inside"),
    [
        (VILLAGE, VILLAGE, True),
        (VILLAGE, SISTER, False),
        (VILLAGE, TOWNSHIP, False),
        (TOWNSHIP, VILLAGE, True),
        (TOWNSHIP, TOWNSHIP, True),
        (TOWNSHIP, ELSEWHERE, False),
        (TOWNSHIP, COUNTY, False),
        (COUNTY, VILLAGE, True),
        (COUNTY, ELSEWHERE, True),
        (COUNTY, "360830100001", False),
        (MSB, VILLAGE, True),
        ("360829-finance", ELSEWHERE, True),
        (MSB, "360830100001", False),
        ("360829-hospital", VILLAGE, False),
        ("360829-unknown", VILLAGE, False),
    ],
)
def test_an_office_reaches_as_far_as_its_area(org: str, place: str, inside: bool) -> None:
    assert in_area(org, kind_of(org), place) is inside


ODD = [
    "", "%", "_", "%%%%%%%%%%%%", "____________", "360829%", "36082910000_", "360829", " 360829100001",
    "٣٦٠٨٢٩١٠٠٠٠١",
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_a_scope_that_is_no_code_matches_nothing(odd: str) -> None:
    for kind in ("government", "msb", "hospital", odd):
        for place in (VILLAGE, TOWNSHIP, COUNTY, *ODD):
            assert not in_area(odd, kind, place)
    for org in (VILLAGE, TOWNSHIP, COUNTY, MSB):
        assert not in_area(org, kind_of(org), odd)


@pytest.mark.parametrize("org", ["%-msb", "-msb", "______-msb", "3608291-msb", "360829-msb "])
def test_an_office_code_of_another_shape_covers_nothing(org: str) -> None:
    assert not in_area(org, "msb", VILLAGE)


def test_an_office_is_not_of_another_kind_than_its_code_says() -> None:
    assert not in_area(MSB, "finance", VILLAGE)
    assert not in_area(MSB, "government", VILLAGE)
    assert not in_area(COUNTY, "msb", VILLAGE)


@given(org=st.text(max_size=14), kind=st.sampled_from(["government", "msb", "finance", ""]))
def test_no_invented_scope_opens_a_village(org: str, kind: str) -> None:
    if org not in (VILLAGE, TOWNSHIP, COUNTY, f"360829-{kind}"):
        assert not in_area(org, kind, VILLAGE)


# Completing a step ------------------------------------------------------------------------------


def test_the_holder_of_the_seat_does_the_step() -> None:
    require_can_complete(actor("TREV", TOWNSHIP), step())
    decide = step("CAPR", MSB, node="decide", not_by=frozenset({"check_papers"}))
    require_can_complete(actor("CAPR", MSB), decide)
    assert can_complete(actor("VLIA", VILLAGE), step("VLIA", VILLAGE))


@pytest.mark.parametrize("role", ["INSP", "AUD", "ADM"])
def test_who_supervises_never_writes(role: str) -> None:
    refusal = refused(actor(role, "360829-inspection"), step(role, "360829-inspection"))
    assert refusal.rule == "SD-8"


def test_another_role_does_not_do_the_step() -> None:
    refusal = refused(actor("TWIN", TOWNSHIP), step(name=Text("审核申请材料", "examine the papers")))
    assert refusal.rule == "role"
    assert "“审核申请材料”由乡镇审核人员办理" in refusal.message.zh
    assert "下一步" in refusal.message.zh and "Next:" in refusal.message.en


@pytest.mark.parametrize("role", ["APP", "AGT", "REP", "SYS", ""])
def test_a_diagram_cannot_give_a_step_to_who_must_not_decide(role: str) -> None:
    assert refused(actor(role, TOWNSHIP), step(role, TOWNSHIP)).rule == "role"


def test_what_is_drawn_for_supervisors_decides_no_case() -> None:
    """They press, extend and re-assign (domain 6.1): more time for a check, help with a claim, no more."""
    model = prepare(bpmn.load()).model
    drawn = {
        node.id: node.properties["form"]
        for flow in model.flows.values()
        for node in flow.nodes.values()
        if node.properties.get("role") == "SUP"
    }
    assert drawn == {"extend_alert": "alert_extension", "decide_claim": "serious_illness_claim"}


@pytest.mark.parametrize("org", [OTHER_TOWNSHIP, COUNTY, VILLAGE, MSB, "", "%"])
def test_another_office_does_not_do_the_step(org: str) -> None:
    assert refused(actor("TREV", org), step()).rule == "area"


@pytest.mark.parametrize("org", ["", "%", OTHER_TOWNSHIP])
def test_a_step_filed_under_a_wrong_office_is_nobodys(org: str) -> None:
    """The area is asked for beside the office, so a damaged row opens nothing."""
    assert refused(actor("TREV", org), step(org=org)).rule == "area"


def test_a_relative_takes_no_part() -> None:
    refusal = refused(actor("TREV", TOWNSHIP, 7), step(applicant_relatives_of=frozenset({3, 7})))
    assert refusal.rule == "kin"
    assert "近亲属" in refusal.message.zh
    require_can_complete(actor("TREV", TOWNSHIP, 8), step(applicant_relatives_of=frozenset({3, 7})))


@pytest.mark.parametrize(
    ("node", "rule"),
    [
        ("audit_file", "SD-1"),
        ("decide", "SD-1"),
        ("pay", "SD-5"),
        ("recheck_objection", "SD-6"),
        ("confirm_posting_village", "SD-7"),
    ],
)
def test_who_did_the_earlier_step_does_not_do_the_later_one(node: str, rule: str) -> None:
    task = step(
        node=node, not_by=frozenset({"check_papers", "enquire"}), doers={"check_papers": {7, 9}, "other": {8}}
    )
    assert refused(actor("TREV", TOWNSHIP, 7), task).rule == rule
    assert refused(actor("TREV", TOWNSHIP, 9), task).rule == rule
    require_can_complete(actor("TREV", TOWNSHIP, 8), task)


def test_who_acted_in_the_case_this_one_is_about_does_not_judge_it() -> None:
    task = step(acted_before=frozenset({7}))
    assert refused(actor("TREV", TOWNSHIP, 7), task).rule == "SD-6"
    require_can_complete(actor("TREV", TOWNSHIP, 8), task)


HOSPITAL = "360829-hospital"


def test_a_hospital_covers_no_area_but_may_ask_for_anybody_of_its_county() -> None:
    """Its patients come from everywhere (domain 2.4); it reaches them only where the matrix says so."""
    assert require(actor("HOSP", HOSPITAL), "ask_green_channel", area=VILLAGE)
    assert require(actor("HOSP", HOSPITAL), "ask_green_channel", area=ELSEWHERE)
    require_can_complete(actor("HOSP", HOSPITAL), step("HOSP", HOSPITAL))
    for place in ("360830100001", "360829", "%", None):
        with pytest.raises(NotAllowed, match="own area"):
            require(actor("HOSP", HOSPITAL), "ask_green_channel", area=place)
    for action in ("file_application", "view_calculation"):
        with pytest.raises(NotAllowed):
            require(actor("HOSP", HOSPITAL), action, area=VILLAGE, met={"own_patient", "own_claim"})


def test_a_hospital_sees_only_what_is_its_own() -> None:
    who = actor("HOSP", HOSPITAL)
    for action, condition in (("view_case", "own_claim"), ("upload_paper", "own_patient")):
        with pytest.raises(NotAllowed) as caught:
            require(who, action, area=VILLAGE)
        assert caught.value.rule == "condition"
        require(who, action, area=VILLAGE, met={condition})


def test_the_refusal_names_the_earlier_step_when_it_knows_it() -> None:
    task = step(
        not_by=frozenset({"check_papers"}),
        doers={"check_papers": [7]},
        names={"check_papers": "审查申请材料"},
    )
    refusal = refused(actor("TREV", TOWNSHIP), task)
    assert refusal.message.zh.startswith("你在本案中办过“审查申请材料”。")
    assert refusal.status == 403


@given(
    role=st.sampled_from(ALL_ROLES),
    org=st.sampled_from([VILLAGE, SISTER, TOWNSHIP, OTHER_TOWNSHIP, COUNTY, MSB, "360829-finance", "%", ""]),
    account=st.integers(1, 5),
    excluded=st.frozensets(st.sampled_from("abc")),
    doers=st.dictionaries(st.sampled_from("abc"), st.frozensets(st.integers(1, 5))),
    kin=st.frozensets(st.integers(1, 5)),
)
def test_whoever_passes_has_passed_every_question(
    role: str,
    org: str,
    account: int,
    excluded: frozenset[str],
    doers: dict[str, frozenset[int]],
    kin: frozenset[int],
) -> None:
    task = step(not_by=excluded, doers=doers, applicant_relatives_of=kin)
    passes = can_complete(actor(role, org, account), task)
    assert passes == (
        role == "TREV"
        and org == TOWNSHIP
        and account not in kin
        and not any(account in doers.get(node, ()) for node in excluded)
    )


# Everything else --------------------------------------------------------------------------------


def denied(who: Actor, action: str, area: str | None = VILLAGE, **more: object) -> NotAllowed:
    with pytest.raises(NotAllowed) as caught:
        require(who, action, area, **more)  # type: ignore[arg-type]
    assert caught.value.message.zh and caught.value.message.en
    assert "{" not in caught.value.message.zh + caught.value.message.en
    return caught.value


def test_reading_is_bound_to_the_area() -> None:
    assert not require(actor("TWIN", TOWNSHIP), "view_case", VILLAGE).masked
    assert denied(actor("TWIN", OTHER_TOWNSHIP), "view_case").rule == "area"
    assert denied(actor("TWIN", TOWNSHIP), "view_case", None).rule == "area"
    assert denied(actor("TWIN", TOWNSHIP), "view_case", "").rule == "area"


def test_a_condition_has_to_be_shown() -> None:
    inspector = actor("INSP", "360829-inspection")
    assert denied(inspector, "view_full_id").rule == "condition"
    assert "理由" in denied(inspector, "view_full_id").message.zh
    assert require(inspector, "view_full_id", VILLAGE, met={"reason"}).conditions == {"reason"}
    assert denied(actor("ARCH", MSB), "view_case").rule == "condition"
    require(actor("ARCH", MSB), "view_case", VILLAGE, met=["closed"])


def test_an_inspector_replays_but_changes_nothing() -> None:
    inspector = actor("INSP", "360829-inspection")
    assert require(inspector, "replay", VILLAGE).words == {"X"}
    assert denied(inspector, "upload_paper").rule == "SD-8"
    assert denied(inspector, "extend_deadline").rule == "SD-8"


def test_a_relative_files_nothing_but_may_read() -> None:
    liaison = actor("VLIA", VILLAGE, 7)
    assert denied(liaison, "file_application", relatives_of=frozenset({7})).rule == "kin"
    require(liaison, "file_application", VILLAGE, relatives_of=frozenset({8}))
    require(liaison, "view_case", VILLAGE, relatives_of=frozenset({7}))


def test_accounts_need_no_area() -> None:
    require(actor("ADM", COUNTY), "manage_accounts")
    assert denied(actor("SUP", COUNTY), "manage_accounts", None).rule == "role"
    assert denied(SYSTEM, "view_case").rule == "role"


def test_an_unknown_action_is_a_fault_of_the_program() -> None:
    with pytest.raises(LookupError):
        require(actor("CAPR", MSB), "no_such_action", VILLAGE)


@pytest.mark.parametrize("action", MATRIX.actions)
def test_every_role_gets_an_answer_in_words(action: str) -> None:
    """Role × action, from an area that is not its own: nothing that concerns a case passes."""
    for role in ALL_ROLES:
        if MATRIX.actions[action].case:
            assert denied(actor(role, "360830-msb"), action).rule in {"SD-8", "role", "area"}
        elif may(role, action) is None:
            assert denied(actor(role, COUNTY), action, None).rule == "role"


def test_no_cell_writes_for_who_must_not_write() -> None:
    for (role, action), _ in MATRIX.grants.items():
        if role in MATRIX.never_write:
            assert not (MATRIX.actions[action].case and MATRIX.actions[action].writes)


@pytest.mark.parametrize(
    ("roles", "rule"),
    [
        (["VLIA", "GRID"], None),
        (["CAFF", "CHND"], "SD-4"),
        (["CAPR", "CAFF"], "SD-4"),
        (["ADM", "TREV"], "SD-8"),
        (["INSP", "SUP"], "SD-8"),
        (["ADM"], None),
        ([], None),
    ],
)
def test_some_seats_exclude_each_other(roles: list[str], rule: str | None) -> None:
    assert incompatible(roles) == rule


@pytest.mark.skipif(sys.gettrace() is not None, reason="a tracer measures itself")
def test_permission_checks_cost_next_to_nothing() -> None:
    """They stand in the hot path: at most 10 µs."""
    who = actor("CAPR", MSB)
    task = step(
        "CAPR", MSB, node="decide", not_by=frozenset("abcdef"), doers={node: {1, 2} for node in "abcdef"}
    )
    best = min(timeit.repeat(lambda: require_can_complete(who, task), number=2000, repeat=5)) / 2000
    assert best < 10e-6
    best = min(timeit.repeat(lambda: require(who, "view_case", VILLAGE), number=2000, repeat=5)) / 2000
    assert best < 10e-6


# A broken file ----------------------------------------------------------------------------------

GOOD = Path(bpmn.__file__).parent.joinpath("permissions.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "element", "says"),
    [
        ('never_write = ["INSP", "AUD", "ADM"]', 'never_write = ["INSP", "BOSS"]', "never_write", "BOSS"),
        ('APP = "C own", AGT', 'BOSS = "C", AGT', "rows.file_application.cells.BOSS", "BOSS"),
        ('TWIN = "C", HOSP', 'TWIN = "C everything", HOSP', "rows.file_application.cells.TWIN", "everything"),
        ('row = "file_application"', 'row = "nowhere"', "actions.file_application.row", "nowhere"),
        ('pay = "SD-5"', 'pay = "SD-99"', "separation.pay", "SD-99"),
        ('rule = "SD-4"\none', 'rule = "SD-98"\none', "SD-98", "SD-98"),
        ('one = ["CAFF"]', 'one = ["BOSS"]', "one", "BOSS"),
        ("[rules.kin]", "[rules.family]", "rules.kin", "缺少"),
        ('spouse = { zh = "配偶", en = "spouse" }', 'spouse = { zh = "配偶" }', "relations.spouse", "缺少"),
        ("[reading]", "[reeding]", "reading", "缺少"),
        ("[relations]", "[relatives]", "relations", "缺少"),
        ("[separation]", "[separated]", "separation", "缺少"),
        ('cells = { INSP = "R", ADM = "C U" }', "", "rows.accounts.cells", "缺少"),
        ("[rows", "[[[rows", "-", "TOML"),
    ],
)
def test_a_broken_matrix_is_refused_with_file_element_and_reason(
    old: str, new: str, element: str, says: str
) -> None:
    assert old in GOOD
    with pytest.raises(RulebookError) as caught:
        read_matrix(GOOD.replace(old, new).encode(), MATRIX.roles)
    faults = caught.value.faults
    assert any(fault.file == "permissions.toml" and element in fault.element + str(fault) for fault in faults)
    assert any(says in fault.reason.zh for fault in faults)
