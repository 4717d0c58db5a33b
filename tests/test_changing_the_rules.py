"""Changing the rules: one person proposes, another one releases (domain 6.1 "policy", 6.3 SD-9)."""

import threading
from datetime import date
from itertools import count

import pytest
from crashing import Counting, Crash, everything
from rule_changes import VERSION, changed, proposed, released, started_anew
from sqlalchemy import update

import audit
from bpmn import digest_of
from workflow.commands import AdoptProposal, RejectProposal, ReleaseProposal, WithdrawProposal
from workflow.errors import AnswersRefused, NotAllowed, NotFound, RulesRefused, StepImpossible
from workflow.releasing import doing
from workflow.releasing.reading import find_version, proposal, proposals, versions
from workflow.store.models import RulebookRelease, RuleFile

TEN_DAYS = ("limits.toml", b"[D05]\namount = 5", b"[D05]\namount = 10")
TWELVE_DAYS = ("limits.toml", b"[D05]\namount = 5", b"[D05]\namount = 12")
FIFTEEN = ("forms/village_review.toml", b"signatures >= review_signatures", b"signatures >= 15")
SIXTEEN = ("forms/village_review.toml", b"signatures >= review_signatures", b"signatures >= 16")
RATE = ("policies/plan-2026/policy.toml", b"limit = 150000", b"limit = 160000")
on_sqlite = pytest.mark.parametrize("county", ["sqlite"], indirect=True)


@pytest.fixture
def decides(county):
    """`decides("capr", ReleaseProposal(1))`"""
    return lambda login, command, **more: doing.decide(
        county.house, county.staff[login].actor, command, **more
    )


def system_log(county, log=audit.LOG):
    with county.house.reader.connect() as conn:
        return [stored.entry for stored in audit.entries(conn, audit.chain_of(audit.SYSTEM_CHAIN, log))]


def read(county, number):
    with county.house.reader.connect() as conn:
        return proposal(conn, number)


def test_a_proposal_changes_nothing_until_another_person_releases_it(county, decides):
    before = county.house.rules().digest
    number = proposed(county, changed(county, TEN_DAYS), note="乡镇初核改为十个工作日")
    assert county.house.rules().digest == before
    found = read(county, number)
    assert (found.state, found.paths, found.stale) == ("open", ["limits.toml"], False)
    assert found.proposer and found.note
    decides("capr", ReleaseProposal(number))
    assert county.house.rules().digest == found.digest != before
    assert county.staff["vlia1"].files(*county.household()).row.rulebook == found.digest
    assert read(county, number).state == "released"


@pytest.mark.parametrize("command", [ReleaseProposal, lambda number: RejectProposal(number, "不合适的修改")])
def test_whoever_proposed_cannot_release_or_reject(county, decides, command):
    """SD-9, also on another seat of the same person; the attempt stands in the log."""
    number = proposed(county, changed(county, TEN_DAYS))
    deputy = county.second_seat("chnd", "CAPR", "360829-msb")
    with pytest.raises(NotAllowed) as refused:
        doing.decide(county.house, deputy.actor, command(number))
    assert refused.value.rule == "SD-9"
    assert read(county, number).open
    last = system_log(county, audit.READS)[-1]
    assert (last["type"], last["vars"]["detail"]) == ("attempt_refused", "SD-9")
    assert last["actor"]["id"] == deputy.actor.account_id


@on_sqlite
def test_only_the_posts_of_the_matrix_propose_and_release(county, decides):
    files = changed(county, TEN_DAYS)
    for login in ("vlia1", "trev1", "capr", "sup-msb", "insp", "adm"):
        with pytest.raises(NotAllowed):
            proposed(county, files, by=login)
    number = proposed(county, files, by="cchk")
    for login in ("vlia1", "chnd", "sup-msb", "insp", "adm"):
        with pytest.raises(NotAllowed):
            decides(login, ReleaseProposal(number))
    assert [entry["type"] for entry in system_log(county, audit.READS)].count("attempt_refused") == 11
    assert read(county, number).open


@on_sqlite
def test_a_rejection_gives_its_reason_which_the_log_keeps_sealed(county, decides):
    number = proposed(county, changed(county, TEN_DAYS))
    with pytest.raises(AnswersRefused, match="4 to 200"):
        decides("capr", RejectProposal(number, "  不 "))
    decides("capr", RejectProposal(number, "上级文件还没有印发"))
    assert (read(county, number).state, read(county, number).reason) == ("rejected", "上级文件还没有印发")
    last = system_log(county)[-1]
    assert last["type"] == "rules_rejected" and "reason" in last["commit"] and "reason" not in last["vars"]
    with pytest.raises(StepImpossible, match="rejected"):
        decides("capr", ReleaseProposal(number))


@on_sqlite
def test_a_proposal_is_withdrawn_by_its_proposer_only(county, decides):
    number = proposed(county, changed(county, TEN_DAYS))
    with pytest.raises(StepImpossible, match="Only whoever proposed"):
        decides("cchk", WithdrawProposal(number))
    decides("chnd", WithdrawProposal(number))
    assert read(county, number).state == "withdrawn"
    with pytest.raises(StepImpossible, match="withdrawn"):
        decides("capr", ReleaseProposal(number))
    assert proposed(county, changed(county, TEN_DAYS)) > number, "it may be put forward again"


@on_sqlite
def test_nothing_changed_or_proposed_already_is_no_proposal(county):
    with pytest.raises(AnswersRefused, match="nothing is changed"):
        proposed(county, dict(county.house.rules().rulebook.files))
    number = proposed(county, changed(county, TEN_DAYS))
    with pytest.raises(StepImpossible, match=f"Proposal {number} "):
        proposed(county, changed(county, TEN_DAYS), by="cchk")
    with pytest.raises(NotFound):
        doing.decide(county.house, county.staff["capr"].actor, ReleaseProposal(99))


def test_a_proposal_made_from_rules_that_no_longer_hold_has_to_be_made_anew(county, decides):
    late = proposed(county, changed(county, FIFTEEN))
    released(county, changed(county, TEN_DAYS), by="cchk")
    assert read(county, late).stale
    with pytest.raises(StepImpossible, match="released since"):
        decides("capr", ReleaseProposal(late))
    with pytest.raises(StepImpossible, match="Only whoever proposed"):
        doing.rebase(county.house, county.staff["cchk"].actor, late)
    new = doing.rebase(county.house, county.staff["chnd"].actor, late)
    assert (read(county, late).state, read(county, new).paths) == ("replaced", ["forms/village_review.toml"])
    decides("capr", ReleaseProposal(new))
    rules = county.house.rules()
    assert rules.terms["plan-2026"].limits["D05"].amount == 10
    assert b"signatures >= 15" in rules.rulebook.files["forms/village_review.toml"]


@on_sqlite
def test_two_changes_of_one_file_are_never_mixed(county):
    late = proposed(county, changed(county, FIFTEEN))
    released(county, changed(county, SIXTEEN), by="cchk")
    with pytest.raises(RulesRefused) as refused:
        doing.rebase(county.house, county.staff["chnd"].actor, late)
    assert [fault.file for fault in refused.value.faults] == ["forms/village_review.toml"]
    with pytest.raises(StepImpossible, match="made from the newest"):
        doing.rebase(county.house, county.staff["chnd"].actor, proposed(county, changed(county, TEN_DAYS)))


@on_sqlite
def test_a_proposal_may_be_rewritten_by_its_proposer(county):
    first = proposed(county, changed(county, TEN_DAYS))
    second = proposed(county, changed(county, TWELVE_DAYS), replaces=first)
    assert [read(county, number).state for number in (first, second)] == ["replaced", "open"]
    with pytest.raises(StepImpossible, match="replaced"):
        proposed(county, changed(county, TEN_DAYS), replaces=first)


def test_rules_with_a_date_hold_from_that_day_on(county, clock):
    before = county.house.rules().digest
    with pytest.raises(AnswersRefused, match="before today"):
        proposed(county, changed(county, TEN_DAYS), valid_from=date(2026, 3, 1))
    released(county, changed(county, TEN_DAYS), valid_from=date(2026, 4, 1))
    assert county.house.rules().digest == before
    assert county.staff["vlia1"].files(*county.household()).row.rulebook == before
    clock.to("2026-03-31", "23:59")
    assert county.house.rules().digest == before
    with county.house.reader.connect() as conn:
        assert [each.standing for each in versions(conn, clock())] == ["coming", "in_force"]
    clock.to("2026-04-01", "00:00")
    assert county.house.rules().terms["plan-2026"].limits["D05"].amount == 10
    assert county.staff["vlia1"].files(*county.household()).row.rulebook == county.house.rules().digest


@on_sqlite
def test_rules_that_were_in_force_before_can_be_released_again(county):
    first = dict(county.house.rules().rulebook.files)
    released(county, changed(county, TEN_DAYS))
    assert released(county, first) == digest_of(county.house.rules().rulebook.manifest)
    assert county.house.rules().terms["plan-2026"].limits["D05"].amount == 5
    with county.house.reader.connect() as conn:
        known = versions(conn, county.clock())
        assert [each.standing for each in known] == ["in_force", "former", "former"]
        assert find_version(conn, "current", county.clock()) == find_version(
            conn, known[0].short, county.clock()
        )
        with pytest.raises(NotFound):
            find_version(conn, "0" * 12, county.clock())
    assert len(county.rows(RulebookRelease)) == 2


@on_sqlite
def test_the_cases_of_each_version_are_counted(county, case_at):
    case_at("check_papers")
    released(county, changed(county, TEN_DAYS))
    for _ in range(2):
        county.staff["vlia1"].files(*county.household())
    with county.house.reader.connect() as conn:
        assert [each.running for each in versions(conn, county.clock())] == [2, 1]


@on_sqlite
def test_a_released_version_of_a_policy_never_changes(county):
    """Another rate needs another version number; a number that was used stays with its contents."""
    with pytest.raises(RulesRefused) as refused:
        proposed(county, changed(county, RATE))
    assert [(f.file, f.element) for f in refused.value.faults] == [(RATE[0], "version")]
    released(county, changed(county, RATE, VERSION))
    assert county.house.rules().policies["plan-2026"].version == "2026.2"
    with pytest.raises(RulesRefused):
        proposed(county, changed(county, (RATE[0], b'"2026.2"', b'"2026.1"')))


@on_sqlite
def test_who_may_do_what_is_not_changed_here(county):
    with pytest.raises(RulesRefused) as refused:
        proposed(county, changed(county, ("permissions.toml", b"# ", b"#  ")))
    assert refused.value.faults[0].file == "permissions.toml"


@pytest.mark.tampers
@on_sqlite
def test_files_changed_behind_the_proposal_are_not_released(county, decides):
    """What the second person has read is what comes into force."""
    number = proposed(county, changed(county, TEN_DAYS))
    sha = read(county, number).manifest["limits.toml"]
    with county.house.engine.begin() as conn:
        forged = changed(county, TWELVE_DAYS)["limits.toml"]
        conn.execute(update(RuleFile).where(RuleFile.sha256 == sha).values(content=forged))
    with pytest.raises(RulesRefused) as refused:
        decides("capr", ReleaseProposal(number))
    assert refused.value.faults[0].file == "limits.toml"
    assert county.house.rules().terms["plan-2026"].limits["D05"].amount == 5


def test_of_two_who_release_at_once_one_does_it(county):
    """Two approvers, two proposals from the same rules: whatever the order, one release follows."""
    numbers = [proposed(county, changed(county, TEN_DAYS)), proposed(county, changed(county, FIFTEEN))]
    second = county.second_seat("trev1", "CAPR", "360829-msb")
    actors = [county.staff["capr"].actor, second.actor] * 2
    told, gate = [], threading.Barrier(4)

    def decide(actor, number):
        gate.wait()
        try:
            doing.decide(county.house, actor, ReleaseProposal(number))
            told.append("released")
        except StepImpossible:
            told.append("too late")

    threads = [
        threading.Thread(target=decide, args=(actor, number))
        for actor, number in zip(actors, (numbers[0], numbers[0], numbers[1], numbers[1]), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["released", "too late", "too late", "too late"]
    types = [entry["type"] for entry in system_log(county)]
    assert types.count("rules_released") == 2, "the first one of the database and this one"
    with county.house.reader.connect() as conn:
        assert len(versions(conn, county.clock())) == 2


def test_a_crash_at_any_statement_of_a_release_leaves_the_old_rules(county, decides, monkeypatch):
    number = proposed(county, changed(county, TEN_DAYS))
    before, counting = everything(county), Counting(monkeypatch)
    for statement in count(1):
        counting.at = statement
        try:
            with counting:
                decides("capr", ReleaseProposal(number), request_id="the-request")
        except Crash:
            if everything(county) == before:
                assert county.house.rules().terms["plan-2026"].limits["D05"].amount == 5
                continue
        break
    assert statement > 6
    decides("capr", ReleaseProposal(number), request_id="the-request")
    county.house.shelf.forget_releases()
    assert county.house.rules().terms["plan-2026"].limits["D05"].amount == 10
    assert [entry["type"] for entry in system_log(county)].count("rules_released") == 2


def test_an_update_of_the_program_waits_for_two_people(county, decides):
    before = county.house.rules().digest
    house = started_anew(county, changed(county, TEN_DAYS))
    number = house.waiting
    house.close()
    assert county.house.rules().digest == before and number is not None
    found = read(county, number)
    assert (found.origin, found.proposer_id, found.paths) == ("program", None, ["limits.toml"])
    with pytest.raises(StepImpossible, match="adopted by one"):
        decides("capr", ReleaseProposal(number))
    decides("adm", AdoptProposal(number))
    with pytest.raises(StepImpossible, match="has a proposer"):
        decides("chnd", AdoptProposal(number))
    decides("capr", ReleaseProposal(number))
    assert county.house.rules().terms["plan-2026"].limits["D05"].amount == 10
    again = started_anew(county, changed(county))
    assert (again.waiting, again.refused) == (None, ())
    again.close()


@on_sqlite
def test_who_adopts_an_update_cannot_release_it(county, decides):
    house = started_anew(county, changed(county, TEN_DAYS))
    decides("cchk", AdoptProposal(house.waiting))
    deputy = county.second_seat("cchk", "CAPR", "360829-msb")
    with pytest.raises(NotAllowed, match="put forward by yourself"):
        doing.decide(house, deputy.actor, ReleaseProposal(house.waiting))
    house.close()


@on_sqlite
def test_an_update_leaves_what_the_office_has_changed(county, decides):
    """The office has its own form; the update brings another form and other limits: only those come."""
    packaged = dict(county.house.rules().rulebook.files)
    released(county, changed(county, FIFTEEN))
    update = {**packaged, **{
        path: packaged[path].replace(old, new, 1) for path, old, new in (SIXTEEN, TEN_DAYS)
    }}  # fmt: skip
    house = started_anew(county, update)
    found = read(county, house.waiting)
    assert (found.paths, found.kept) == (["limits.toml"], ("forms/village_review.toml",))
    decides("chnd", AdoptProposal(house.waiting))
    decides("capr", ReleaseProposal(house.waiting))
    house.close()
    rules = county.house.rules()
    assert rules.terms["plan-2026"].limits["D05"].amount == 10
    assert b"signatures >= 15" in rules.rulebook.files["forms/village_review.toml"]
    for files in (update, packaged):
        house = started_anew(county, files)
        assert house.waiting is None, "an update that was decided on is not put forward again"
        house.close()


@on_sqlite
def test_a_rejected_update_stays_away_and_a_later_one_comes(county, decides):
    house = started_anew(county, changed(county, TEN_DAYS))
    decides("capr", RejectProposal(house.waiting, "本县仍按五个工作日"))
    house.close()
    house = started_anew(county, changed(county, TEN_DAYS))
    assert house.waiting is None
    house.close()
    house = started_anew(county, changed(county, TWELVE_DAYS))
    first = house.waiting
    house.close()
    house = started_anew(county, changed(county, TWELVE_DAYS, FIFTEEN))
    second = house.waiting
    house.close()
    assert None not in (first, second)
    assert [read(county, number).state for number in (first, second)] == ["replaced", "open"]


@on_sqlite
def test_an_update_is_put_forward_anew_after_another_release(county, decides):
    house = started_anew(county, changed(county, TEN_DAYS))
    first, number = house.waiting, proposed(county, changed(county, FIFTEEN))
    doing.decide(house, county.staff["capr"].actor, ReleaseProposal(number))
    assert house.waiting not in (None, first)
    assert not read(county, house.waiting).stale
    house.close()
    with county.house.reader.connect() as conn:
        assert [each.number for each in proposals(conn, only_open=True)] == [house.waiting]
