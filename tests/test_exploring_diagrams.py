"""Exploring diagrams: every way a case can go is walked before any case goes it.

A sound diagram can always come to an end, leaves nothing open behind it, has no step that nobody ever reaches
and never opens a step twice. Each kind of unsound diagram is found, with the shortest way that leads there.
"""

import os
import re
from pathlib import Path
from random import Random

import pytest
from diagrams.draw import diagrams as random_diagrams
from diagrams.sketch import sketch
from diagrams.walk import Ours, Vocabulary, walk

import bpmn
from bpmn import Fault
from workflow.engine.lint_drawing import Drawing, read
from workflow.engine.soundness import Explored, explore, explorer_of
from workflow.engine.soundness.deeds import never_scripted, relevant_names
from workflow.engine.soundness.scopes import CALLS, Scope

DATA = Path(bpmn.__file__).parent
SMALL = Path(__file__).parent / "diagrams"


def drawings(*files: bytes) -> list[Drawing]:
    found = [read(f"{number}.bpmn", content) for number, content in enumerate(files)]
    assert not any(isinstance(one, Fault) for one in found), found
    return [one for one in found if isinstance(one, Drawing)]


def explored(*files: bytes, **options: int) -> Explored:
    return explore(drawings(*files), None, **options)


def faults(*files: bytes) -> dict[str, str]:
    """Element → what is said about it in English."""
    return {fault.element: fault.reason.en for fault in explored(*files).faults}


def way(element: str, *files: bytes) -> str:
    """The way that leads to the fault of an element."""
    found = next(fault for fault in explored(*files).faults if fault.element == element)
    assert found.reason.zh != found.reason.en
    return " → ".join(found.path)


# -- our own flows ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own() -> Explored:
    files = sorted((DATA / "flows").glob("*.bpmn"))
    tables = [path.read_bytes() for path in DATA.rglob("*.dmn")]
    return explore(drawings(*(path.read_bytes() for path in files)), bpmn.load(), tables)


def test_every_flow_of_ours_is_sound(own: Explored) -> None:
    assert [str(fault) for fault in own.faults] == []


def test_every_flow_of_ours_was_looked_into_and_none_is_a_maze(own: Explored) -> None:
    assert own.markings.keys() == {path.stem for path in (DATA / "flows").glob("*.bpmn")}
    assert all(3 <= number <= 5_000 for number in own.markings.values()), own.markings


# -- joins and ends -----------------------------------------------------------------------------------------


def test_branches_that_are_parted_and_joined_are_sound() -> None:
    flows = "start -> fork -> left -> join -> end \n fork -> right -> join"
    assert faults(sketch("f", flows, fork="par", join="par")) == {}


def test_a_join_that_waits_for_a_branch_never_taken() -> None:
    flows = """start -> ask -> gw_ok
        gw_ok -> left -> join -> end : answer == 1
        gw_ok -> right -> join"""
    flow = sketch("f", flows, gw_ok="xor", join="par")
    assert faults(flow) == {"join": "the join waits in vain for the way from right"}
    assert way("join", flow) == "ask → gw ok?answer == 1 → left"


def test_branches_that_meet_without_being_joined_open_the_next_step_twice() -> None:
    flow = sketch(
        "f", "start -> fork -> left -> meet -> last -> end \n fork -> right -> meet", fork="par", meet="xor"
    )
    found = faults(flow)
    assert "two tokens meet" in found["last"]
    assert way("last", flow) == "left → right → last"


def test_an_end_that_leaves_another_branch_open() -> None:
    flow = sketch("f", "start -> fork -> left -> end_left \n fork -> right -> end_right", fork="par")
    assert faults(flow)["end_left"] == "right is still open when this end is reached"
    assert way("end_left", flow) == "left → end left"


def test_a_terminating_end_leaves_nothing_open() -> None:
    flows = "start -> fork -> left -> end_left \n fork -> right -> end_right"
    assert faults(sketch("f", flows, fork="par", end_left="end terminate", end_right="end terminate")) == {}


def test_an_inclusive_join_waits_for_those_that_were_chosen() -> None:
    flows = """start -> ask -> some
        some -> left -> all -> end : a == 1
        some -> right -> all : b == 1
        some -> none -> all"""
    assert faults(sketch("f", flows, some="or", all="or")) == {}
    assert faults(sketch("f", flows, some="or", all="par")).keys() == {"all"}


def test_a_join_that_is_fed_by_a_choice_inside_a_branch() -> None:
    flows = """start -> fork -> ask -> gw_more
        gw_more -> more -> join : more == 1
        gw_more -> end_less
        fork -> other -> join -> end"""
    found = faults(sketch("f", flows, fork="par", gw_more="xor", join="par"))
    assert found["end_less"].startswith("other is still open")
    assert found["join"] == "the join waits in vain for the way from more"


# -- loops --------------------------------------------------------------------------------------------------


def test_a_loop_that_cannot_be_left() -> None:
    flow = sketch("f", "start -> first -> meet -> again -> more -> meet", meet="xor")
    assert faults(flow) == {"again": "no end can be reached from here"}
    assert way("again", flow) == "first"


def test_a_loop_whose_way_out_is_never_open() -> None:
    flows = """start -> note -> meet -> again -> gw_done
        gw_done -> end : done
        gw_done -> meet"""
    flow = sketch("f", flows, note="script done = False", meet="xor", gw_done="xor")
    found = faults(flow)
    assert found["again"] == "no end can be reached from here"


def test_a_question_that_may_be_asked_once_ends() -> None:
    """A boolean that a script sets is followed: the second time the loop is closed."""
    flows = """start -> note -> meet -> look -> gw_more
        gw_more -> answer_it -> set_asked -> meet : not asked
        gw_more -> end"""
    flow = sketch(
        "f", flows, note="script asked = False", set_asked="script asked = True", meet="xor", gw_more="xor"
    )
    assert faults(flow) == {}
    assert explored(flow).markings["f"] < 20


def test_a_counter_that_nothing_bounds_does_not_make_the_exploration_endless() -> None:
    flows = """start -> note -> meet -> look -> count -> gw_again
        gw_again -> meet : again
        gw_again -> end"""
    scripts = {"note": "script rounds = 0", "count": "script rounds = rounds + 1"}
    flow = sketch("f", flows, meet="xor", gw_again="xor", **scripts)
    assert faults(flow) == {}
    counted = sketch("f", flows.replace(": again", ": rounds < 3"), meet="xor", gw_again="xor", **scripts)
    assert faults(counted) == {}
    three = sketch(
        "f", flows.replace(": again", ": rounds < 3 or look_again"), meet="xor", gw_again="xor", **scripts
    )
    assert faults(three) == {}


# -- steps nobody reaches -----------------------------------------------------------------------------------


def test_a_step_whose_condition_is_never_met() -> None:
    flows = """start -> note -> gw_kind
        gw_kind -> dead -> later -> end_dead : kind == 'b'
        gw_kind -> end"""
    found = faults(sketch("f", flows, note="script kind = 'a'", gw_kind="xor"))
    assert found.keys() == {"dead"}, "the first dead step is named, what comes after it is its consequence"
    assert "conditions before it are never met" in found["dead"]


def test_a_step_that_nothing_leads_to() -> None:
    assert faults(sketch("f", "start -> ask -> end \n aside -> end")) == {
        "aside": "it cannot be reached from the start"
    }


def test_an_answer_that_can_never_be_given() -> None:
    flows = """start -> gw_kind
        gw_kind -> meet : kind == 'a' and kind == 'b'
        gw_kind -> ask -> meet -> end"""
    assert faults(sketch("f", flows, gw_kind="xor", meet="xor")).keys() == {"gw_kind_to_meet"}


def test_two_conditions_on_the_same_amount_agree_with_each_other() -> None:
    """Of an amount nothing is known; but what was answered about it is remembered until it changes."""
    flows = """start -> ask -> gw_much
        gw_much -> check -> gw_again : amount_fen > 3000000
        gw_much -> end
        gw_again -> end_much : amount_fen > 3000000
        gw_again -> dead -> end_little"""
    flow = sketch("f", flows, gw_much="xor", gw_again="xor", check="service look")
    assert faults(flow).keys() == {"dead"}
    asked_again = sketch("f", flows, gw_much="xor", gw_again="xor", check="user")
    assert faults(asked_again) == {}, "a person may have corrected it in between"


def test_a_decision_table_gives_what_its_cells_name() -> None:
    table = b"""<definitions><decision id="way"><decisionTable hitPolicy="UNIQUE"><output name="flow"/>
        <rule><outputEntry><text>"F01"</text></outputEntry></rule>
        <rule><outputEntry><text>"F02"</text></outputEntry></rule></decisionTable></decision></definitions>"""
    flows = """start -> decide -> gw_way
        gw_way -> first -> end : flow == 'F01'
        gw_way -> second -> end_2 : flow == 'F02'
        gw_way -> third -> end_3"""
    flow = sketch("f", flows, decide="rule way", gw_way="xor")
    found = explore(drawings(flow), None, [table])
    assert [fault.element for fault in found.faults] == ["third"]
    collecting = table.replace(b"UNIQUE", b"COLLECT")
    assert not explore(drawings(flow), None, [collecting]).faults


def test_of_a_list_nothing_is_known() -> None:
    """“way_reasons == []” may hold or not: a list is no choice between constants."""
    flows = """start -> ask -> gw_why
        gw_why -> end : reasons == [] and 'X' not in reasons
        gw_why -> end_why"""
    assert faults(sketch("f", flows, gw_why="xor")) == {}


# -- events -------------------------------------------------------------------------------------------------


def test_an_event_that_interrupts_takes_the_place_of_the_step() -> None:
    flows = "start -> ask -> meet -> end \n late -> remind -> meet"
    assert faults(sketch("f", flows, late="on ask timer", meet="xor")) == {}


def test_an_event_that_does_not_interrupt_may_not_join_the_main_course() -> None:
    flow = sketch(
        "f", "start -> ask -> meet -> last -> end \n news -> meet", news="beside ask message", meet="xor"
    )
    assert "two tokens meet" in faults(flow)["last"]
    assert way("last", flow) == "news → ask → last"


def test_a_side_branch_may_end_by_itself_in_a_called_flow_but_not_in_a_case() -> None:
    flows = "start -> ask -> end \n news -> read_it -> end_read"
    inner = sketch("inner", flows, news="beside ask message")
    outer = sketch("outer", "start -> call_it -> end_all", call_it="call inner")
    assert faults(outer, inner) == {}
    assert faults(inner)["end"].startswith("read it is still open"), "the case would be told to be over"


def test_while_a_case_rests_no_other_step_of_it_is_done() -> None:
    """A state that blocks: the branch that lets the case go on is over before anything else moves."""
    flows = "start -> ask -> end \n paused -> wait -> end_wait"
    resting = sketch("f", flows, paused="beside ask signal", wait="user state PAUSED_CASE")
    assert not explore(drawings(resting), bpmn.load()).faults
    other = sketch("f", flows, paused="beside ask signal", wait="user state SUBMITTED")
    assert [fault.element for fault in explore(drawings(other), bpmn.load()).faults] == ["end"]
    outer = "start -> ask -> end \n paused -> call_it -> end_wait"
    inner = sketch("inner", "start -> wait -> end_inner", wait="user state PAUSED_CASE")
    called = sketch("f", outer, paused="beside ask signal", call_it="call inner")
    assert not explore(drawings(called, inner), bpmn.load()).faults
    late = sketch("f", f"{flows} \n late -> end_late", paused="beside ask signal", late="on ask timer",
                  wait="user state PAUSED_CASE")  # fmt: skip
    assert not explore(drawings(late), bpmn.load()).faults, "the clocks stand still"


def test_an_event_on_a_step_that_never_rests_never_comes() -> None:
    found = faults(
        sketch("f", "start -> tell -> end \n late -> end_late", tell="service x", late="on tell timer")
    )
    assert "never met" in found["late"]


def test_whichever_event_comes_first() -> None:
    flows = "start -> either -> papers -> end \n either -> stopped -> end_stopped"
    assert faults(sketch("f", flows, either="event", papers="catch message", stopped="catch signal")) == {}


def test_an_error_must_be_caught() -> None:
    inner = sketch(
        "inner", "start -> ask -> gw \n gw -> end_bad : bad \n gw -> end", gw="xor", end_bad="end error"
    )
    uncaught = sketch("outer", "start -> call_it -> end_all", call_it="call inner")
    assert faults(uncaught, inner) == {"call_it": "nobody catches the error 'e'"}
    assert way("call_it", uncaught, inner) == "call it"
    caught = sketch("outer", "start -> call_it -> end_all \n failed -> end_failed", call_it="call inner",
                    failed="on call_it error")  # fmt: skip
    assert faults(caught, inner) == {}
    never = sketch("outer", "start -> ask_it -> end_all \n failed -> end_failed", failed="on ask_it error")
    assert faults(never).keys() == {"failed"}, "nothing in there throws it"


def test_an_escalation_may_be_heard_or_not() -> None:
    inner = sketch("inner", "start -> ask -> end", end="end escalation")
    outer = sketch("outer", "start -> call_it -> end_all", call_it="call inner")
    assert faults(outer, inner) == {}
    flows = "start -> call_it -> end_all \n told -> end_told"
    assert faults(sketch("outer", flows, call_it="call inner", told="on call_it escalation"), inner) == {}
    silent = sketch("inner", "start -> ask -> end")
    assert faults(
        sketch("outer", flows, call_it="call inner", told="on call_it escalation"), silent
    ).keys() == {"told"}


# -- repetition ---------------------------------------------------------------------------------------------

AGAIN = """start -> meet -> decide -> gw_again
    gw_again -> {back} : again
    gw_again -> end"""


def test_a_repeated_step_on_a_loop_stops_the_engine() -> None:
    """SpiffWorkflow raises when the item variable is there already, and it is after the first round."""
    flow = sketch(
        "f", AGAIN.format(back="meet"), meet="xor", gw_again="xor", decide="user each departments department"
    )
    assert "already set" in faults(flow)["decide"]


def test_a_gathered_list_must_be_emptied_before_the_next_round() -> None:
    decide = "user each departments department answers answer"
    flow = sketch("f", AGAIN.format(back="meet"), meet="xor", gw_again="xor", decide=decide)
    assert "not empty" in faults(flow)["decide"]
    emptied = AGAIN.format(back="clear -> meet")
    assert (
        faults(sketch("f", emptied, meet="xor", gw_again="xor", decide=decide, clear="script answers = []"))
        == {}
    )


def test_a_call_made_for_each_of_a_list_comes_back_with_anything_one_of_them_may_say() -> None:
    inner = sketch("inner", "start -> look -> gw \n gw -> yes -> end : fine \n gw -> no -> end_no", gw="xor",
                   yes="script result = 'yes'", no="script result = 'no'")  # fmt: skip
    flows = """start -> note -> call_each -> gw_result
        gw_result -> end : result == 'yes'
        gw_result -> end_no_one : result == 'no'
        gw_result -> end_nobody"""
    outer = sketch(
        "outer", flows, note="script result = ''", call_each="call inner each list one", gw_result="xor"
    )
    assert (
        faults(outer, inner.replace(b'"end_no"', b'"end_no_2"').replace(b"to_end_no", b"to_end_no_2")) == {}
    )


# -- data of branches ---------------------------------------------------------------------------------------


def test_what_one_branch_sets_may_be_lost_at_the_join() -> None:
    """Every branch has its own copy of the data; the join keeps the copy of the branch that comes last."""
    flows = """start -> note -> fork -> left -> set_it -> join -> gw_ok
        fork -> right -> join
        gw_ok -> end : ok
        gw_ok -> end_not"""
    nodes = {"fork": "par", "join": "par", "gw_ok": "xor", "set_it": "script ok = True"}
    found = faults(sketch("f", flows, note="script ok = False", **nodes))
    assert "ok depends on which branch comes last" in found["join"]
    first_time = sketch("f", flows.replace("note -> ", ""), **nodes)
    assert "join" not in faults(first_time), "there is no older value that could win"
    unread = flows.partition("gw_ok")[0].replace("join -> ", "join -> end") + "\n fork -> right -> join"
    assert (
        faults(
            sketch("f", unread, note="script ok = False", fork="par", join="par", set_it="script ok = True")
        )
        == {}
    )


# -- called flows -------------------------------------------------------------------------------------------

POSTING = """start -> gw_which
    gw_which -> first -> meet : posting == 1
    gw_which -> second -> meet
    meet -> note -> end"""


def test_a_called_flow_is_walked_for_what_it_is_called_with() -> None:
    inner = sketch("inner", POSTING, gw_which="xor", meet="xor", note="script result = 'clean'")
    only_first = sketch(
        "outer", "start -> set_1 -> call_it -> end_all", set_1="script posting = 1", call_it="call inner"
    )
    assert faults(only_first, inner).keys() == {"second"}
    flows = "start -> set_1 -> call_1 -> set_2 -> call_2 -> end_all"
    both = sketch("outer", flows, set_1="script posting = 1", set_2="script posting = 2",
                  call_1="call inner", call_2="call inner")  # fmt: skip
    assert faults(both, inner) == {}


def test_what_a_called_flow_leaves_behind_decides_how_it_goes_on() -> None:
    inner = sketch("inner", POSTING, gw_which="xor", meet="xor", note="script result = 'clean'")
    flows = """start -> ask -> call_it -> gw_result
        gw_result -> end_all : result == 'clean'
        gw_result -> dead -> end_dead"""
    outer = sketch("outer", flows, call_it="call inner", gw_result="xor")
    assert faults(outer, inner).keys() == {"dead"}


def test_the_way_to_a_fault_in_a_called_flow_begins_in_the_case() -> None:
    inner = sketch("inner", "start -> fork -> left -> end_left \n fork -> right -> end_right", fork="par")
    outer = sketch("outer", "start -> ask -> call_it -> end_all", call_it="call inner")
    assert way("end_left", outer, inner) == "ask → left → end left"


def test_a_fault_in_a_called_flow_is_told_once() -> None:
    inner = sketch("inner", "start -> meet -> again -> more -> meet", meet="xor")
    outer = sketch("outer", "start -> call_it -> last -> end_all", call_it="call inner")
    assert faults(outer, inner) == {"again": "no end can be reached from here"}


# -- the budget ---------------------------------------------------------------------------------------------


def test_too_many_markings_are_told_instead_of_waited_for() -> None:
    branches = "\n".join(f"fork -> a{n} -> b{n} -> c{n} -> join" for n in range(6))
    flow = sketch("f", f"start -> fork \n {branches} \n join -> end", fork="par", join="par")
    found = explored(flow, most=500)
    assert [fault.element for fault in found.faults] == ["f"]
    assert "more than 500 markings" in found.faults[0].reason.en and found.markings["f"] == 501


# -- against the engine -------------------------------------------------------------------------------------


class Looking(Ours):
    """Tells also which scopes run more than once at the same time."""

    def look(self) -> dict[str, object]:
        running = [one.spec.name for one in self.case().workflows() if not one.completed]
        return {**super().look(), "several": {name for name in running if running.count(name) > 1}}


class Answers(Vocabulary):
    """People answer what no script sets; a case begins with everything."""

    def __init__(self, files: dict[str, bytes], scripted: frozenset[str]) -> None:
        super().__init__(files)
        self.scripted = scripted

    def answers(self, r: Random, share: float) -> dict[str, object]:
        found = super().answers(r, share)
        return {name: value for name, value in found.items() if share == 1 or name not in self.scripted}


def check_against_the_engine(files: dict[str, bytes], process: str, seeds: int) -> int:
    """What the engine shows of random cases was explored. Returns how often it was looked."""
    files = with_those_it_calls(files, process)
    found = drawings(*(files[name] for name in files if name.endswith(".bpmn")))
    explorer = explorer_of(found, None, [files[name] for name in files if name.endswith(".dmn")], most=8_000)
    explorer.explore()
    scopes = {scope.id: scope for scope in explorer.diagrams.scopes.values()}
    # Where a place would hold two tokens, or the budget is used up, the exploration goes no further.
    left_off = {file for file, _, kind in explorer.faults if kind in ("twice", "budget")}
    calls = [
        (one.file, one.diagrams.inside(one, node)) for one in scopes.values() for node in one.nodes.values()
    ]
    while more := {file for file, inner in calls if inner and inner.file in left_off} - left_off:
        left_off |= more
    seen = {
        scope: {frozenset(token.place for token in marking) for graph in graphs for marking in graph.came}
        for scope, graphs in explorer.graphs.items()
        if scopes[scope].file not in left_off
    }
    relevant = relevant_names(found, None)
    vocabulary = Answers(files, relevant - never_scripted(found, relevant))
    engine = Looking(files, process, unguarded=True)
    looked = 0
    for seed in range(seeds if seen else 0):
        for look in walk(engine, vocabulary, seed)["seen"]:
            for scope, places in resting(look, scopes).items():
                if scopes[scope].file not in left_off and scope not in look["several"]:
                    looked += 1
                    assert any(
                        places <= marking and (marking - places).isdisjoint(shown(scopes[scope]))
                        for marking in seen[scope]
                    ), f"{scope} at {sorted(places)}: {process}, seed {seed}"
    return looked


def with_those_it_calls(files: dict[str, bytes], process: str) -> dict[str, bytes]:
    """The files a process needs, decision tables included."""
    wanted, todo = {process}, [process]
    while todo:
        for name in re.findall(r'calledElement="(\w+)"', files[f"{todo.pop()}.bpmn"].decode()):
            if name not in wanted:
                wanted.add(name)
                todo.append(name)
    return {
        name: content
        for name, content in files.items()
        if name.endswith(".dmn") or name.removesuffix(".bpmn") in wanted
    }


def resting(look: dict[str, list[list[str]]], scopes: dict[str, Scope]) -> dict[str, set[str]]:
    """For each scope, the nodes at which the engine shows that the case rests."""
    found: dict[str, set[str]] = {}
    for scope, name, *_ in (*look["ready"], *look["waiting"]):
        node = name.removesuffix(" [child]")
        if scope in scopes and scopes[scope].nodes[node].tag != "boundaryEvent":
            found.setdefault(scope, set()).add(node)
    return found


def shown(scope: Scope) -> set[str]:
    """Nodes the engine shows when a case rests there; of a call it shows what is inside."""
    return {node for node in scope.waiting if scope.nodes[node].tag not in (*CALLS, "adHocSubProcess")}


def test_what_the_engine_shows_was_explored() -> None:
    files = {path.name: path.read_bytes() for path in SMALL.iterdir() if path.suffix in (".bpmn", ".dmn")}
    processes = [path.stem for path in sorted(SMALL.glob("*.bpmn"))]
    assert sum(check_against_the_engine(files, process, seeds=3) for process in processes) > 300


def test_what_the_engine_shows_of_diagrams_nobody_has_seen_was_explored() -> None:
    seed = int(os.environ.get("MINGJIAN_SEED", "6"))
    files = {f"{name}.bpmn": content for name, content in random_diagrams(seed, 6, depth=1)}
    processes = [name.removesuffix(".bpmn") for name in files]
    assert sum(check_against_the_engine(files, process, seeds=2) for process in processes) > 20
