"""What the diagrams of F01 say about each step: role, form, limit, lane, and who may not do it."""

import re
from functools import cache
from pathlib import Path

import bpmn
from workflow.engine import Model, Node, read_model

FLOWS = Path(bpmn.__file__).parent / "flows"


@cache
def model() -> Model:
    return read_model({f"flows/{file.name}": file.read_bytes() for file in FLOWS.glob("*.bpmn")})


def called(flow: str) -> set[str]:
    """A flow with everything it calls."""
    found = re.findall(r'calledElement="(\w+)"', (FLOWS / f"{flow}.bpmn").read_text())
    return {flow}.union(*(called(name) for name in found))


@cache
def steps() -> dict[str, Node]:
    return {
        node.id: node
        for flow in called("ma_ordinary_county")
        for node in model().flows[flow].nodes.values()
        if node.kind in ("userTask", "receiveTask")
    }


STEPS = """
pass_on_papers           VLIA   pass_on_papers              M01   村(社区)
check_papers             TWIN   acceptance                  D01   乡镇(街道)
receive_supplement       TWIN   supplement                  D02   乡镇(街道)
enquire                  VLIA   village_enquiry             D03   村(社区)
record_review            VLIA   village_review              D03   村(社区)
sign_review              VHEAD  sign_review                 D03   村(社区)
tell_review_result       VLIA   tell_review_result          M05   村(社区)
post_review_result       VLIA   post_list                   M03   村(社区)
post_audit_opinion       TWIN   post_list                   M03   乡镇(街道)
post_decision_proposal   CHND   post_list                   M03   县医保局
public_notice            TWIN   objection                   D04   乡镇(街道)
confirm_posting_village  VHEAD  confirm_posting             M02   村(社区)
confirm_posting_township TREV   confirm_posting             M02   乡镇(街道)
confirm_posting_county   CCHK   confirm_posting             M02   县医保局
register_objection       TWIN   register_objection          D27A  乡镇(街道)
recheck_objection        TINV   recheck_objection           D27   乡镇(街道)
audit_file               TREV   township_audit              D05   乡镇(街道)
check_economy            TINV   economy_check               D05   乡镇(街道)
survey_household         TINV   survey                      {check_limit}   乡镇(街道)
give_opinion             TREV   township_opinion            D05   乡镇(街道)
sign_opinion             TLEAD  sign_opinion                D05   乡镇(街道)
examine_file             CHND   county_examination          D09   县医保局
county_visit             CHND   survey                      D09   县医保局
recheck_file             CCHK   county_recheck              D09   县医保局
answer_questions         TREV   answer_questions            M04   乡镇(街道)
decide                   CAPR   county_decision             D09   县医保局
receive_settlement       TWIN   serious_illness_settlement  D33   乡镇(街道)
decide_claim             SUP    serious_illness_claim       M37   县医保局
claim_settlement         CHND   serious_illness_settlement  M38   县医保局
sign_decision            CAPR   sign_decision               D09   县医保局
deliver_letter           TWIN   delivery                    D10   乡镇(街道)
recheck_payment          FIN1   finance_recheck             {pay_limit}   县财政局
pay                      FIN2   pay                         {pay_limit}   县财政局
confirm_credit           FIN2   confirm_credit              {pay_limit}   县财政局
correct_account          TWIN   correct_account             D12   乡镇(街道)
recheck_account          FIN1   recheck_account             D12   县财政局
archive_case             ARCH   archive                     D42   县医保局
verify_death             TWIN   verify_death                M05   乡镇(街道)
"""


def test_each_step_has_its_role_form_limit_and_lane() -> None:
    drawn = {
        node.id: [*(node.properties[key] for key in ("role", "form", "limit")), node.lane]
        for node in steps().values()
    }
    assert drawn == {node: rest for node, *rest in map(str.split, STEPS.strip().splitlines())}


def not_by(node: str) -> set[str]:
    return set(steps()[node].properties.get("not_by", "").split())


def test_one_person_does_not_accept_review_decide_and_pay() -> None:
    """SD-1, SD-5, SD-6, SD-7 of domain 6.3."""
    chain = ["check_papers", "audit_file", "decide", "pay"]
    for later in range(1, len(chain)):
        assert set(chain[:later]) <= not_by(chain[later]), chain[later]
    assert "recheck_payment" in not_by("pay")
    assert {"check_papers", "audit_file", "survey_household", "check_economy"} <= not_by("recheck_objection")
    assert not_by("confirm_posting_village") == {"post_review_result"}
    assert not_by("confirm_posting_township") == {"post_audit_opinion"}
    assert not_by("confirm_posting_county") == {"post_decision_proposal"}


def test_clocks_that_stand_still() -> None:
    """C-12: supplement, posting, objection and the return for serious-illness insurance."""
    pausing = {node.id: node.properties["pauses"] for node in steps().values() if "pauses" in node.properties}
    assert pausing == {
        "receive_supplement": "D01",
        "public_notice": "D09",
        "register_objection": "D04 D09",
        "recheck_objection": "D04 D09",
        "receive_settlement": "D09",
        "decide_claim": "D09",
        "claim_settlement": "D09",
        "verify_death": "*",
    }


def test_clocks_that_run_on() -> None:
    running = {
        node.id: node.properties["runs_on"] for node in steps().values() if "runs_on" in node.properties
    }
    assert running == {
        "post_decision_proposal": "D09",
        "confirm_posting_county": "D09",
        "answer_questions": "D09",
        "receive_settlement": "M36",
        "correct_account": "{pay_limit}",
        "recheck_account": "{pay_limit}",
    }
