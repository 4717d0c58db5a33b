"""抽查: the draw is pure, the same for the same seed, and takes what the rules of domain 2.14 ask."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as some

import bpmn
from bpmn import RulebookError
from bpmn.spot_checks import FILE, read_spot_checks
from workflow.spot_checks.drawing import draw, ranked, sample_digest, seed_of, sizes
from workflow.spot_checks.framing import is_urban
from workflow.spot_checks.wilson import rate

QUARTERLY = {"percent": 5, "least": 1}
SPECIAL = {"villages": 2, "households": 10, "urban": 6, "rural": 4}
SEEDS = some.binary(min_size=32, max_size=32)


def names(first: int, number: int) -> list[str]:
    return [f"{n:032x}" for n in range(first, first + number)]


@some.composite
def frames(draw_):
    """Townships with villages, some of them with residents of both kinds, and cases that are always drawn."""
    next_one, townships = 1, {}
    for number in range(draw_(some.integers(0, 4))):
        villages = {}
        for place in range(draw_(some.integers(1, 5))):
            urban, rural = draw_(some.integers(0, 15)), draw_(some.integers(0, 15))
            kinds = {"urban": names(next_one, urban), "rural": names(next_one + urban, rural)}
            villages[f"36082910{number}{place:03}"] = kinds
            next_one += urban + rural
        townships[f"36082910{number}"] = villages
    always = {"relative": names(next_one, 3), "advance": names(next_one + 3, draw_(some.integers(0, 3)))}
    return {"always": always, "townships": townships}


@given(SEEDS, frames(), some.sampled_from([QUARTERLY, SPECIAL]))
def test_the_same_seed_draws_the_same_and_every_case_at_most_once(seed, frame, figures):
    sample = draw(seed, frame, figures)
    assert sample == draw(seed, frame, figures)
    assert [one.place for one in sample] == list(range(1, len(sample) + 1))
    assert len({one.case for one in sample}) == len(sample)
    known = {case: name for name, cases in frame["always"].items() for case in cases}
    for name, villages in frame["townships"].items():
        known |= {case: name for kinds in villages.values() for cases in kinds.values() for case in cases}
    assert all(known[one.case] == one.stratum for one in sample)


@given(SEEDS, frames())
def test_a_quarterly_check_takes_five_per_cent_of_every_township_rounded_up_and_all_of_the_rest(seed, frame):
    sample, counts = draw(seed, frame, QUARTERLY), sizes(frame)
    for stratum, number in counts.items():
        taken = sum(one.stratum == stratum for one in sample)
        if stratum in frame["always"]:
            assert taken == number
        else:
            assert taken == min(number, -(-number // 20)) and (taken > 0 or number == 0)


@given(SEEDS, frames())
def test_a_special_inspection_takes_two_villages_and_ten_households_of_six_and_four(seed, frame):
    sample = draw(seed, frame, SPECIAL)
    for stratum, villages in frame["townships"].items():
        drawn = {one.case for one in sample if one.stratum == stratum}
        chosen = ranked(seed, stratum, villages)[:2]
        assert len(chosen) == min(2, len(villages))
        for village, kinds in villages.items():
            taken = {kind: len(drawn & set(cases)) for kind, cases in kinds.items()}
            there = {kind: len(cases) for kind, cases in kinds.items()}
            if village not in chosen:
                assert sum(taken.values()) == 0
                continue
            assert sum(taken.values()) == min(10, sum(there.values()))
            assert taken["urban"] >= min(6, there["urban"]) and taken["rural"] >= min(4, there["rural"])


@given(SEEDS, frames())
def test_a_case_added_later_changes_nothing_about_the_others_order(seed, frame):
    for stratum, villages in frame["townships"].items():
        cases = [case for kinds in villages.values() for found in kinds.values() for case in found]
        more = ranked(seed, stratum, [*cases, "f" * 32])
        assert [case for case in more if case != "f" * 32] == ranked(seed, stratum, cases)


def test_the_order_is_the_one_that_is_written_down():
    """By hand: SHA-256 over seed, stratum, NUL and case."""
    seed, cases = bytes(range(32)), names(1, 5)
    by_hand = sorted(cases, key=lambda case: sha256(seed + b"360829100\x00" + case.encode()).hexdigest())
    assert ranked(seed, "360829100", cases) == by_hand
    text = b"mingjian/spot-check/v1\nlog.example\n120\nAAAA\nplan\nword\n"
    assert seed_of("log.example", 120, "AAAA", "plan", "word") == sha256(text).digest()


def test_over_many_seeds_every_case_of_a_township_comes_up_alike():
    frame = {"always": {}, "townships": {"360829100": {"360829100201": {"urban": [], "rural": names(1, 40)}}}}
    drawn = [draw(sha256(bytes([n, m])).digest(), frame, QUARTERLY) for n in range(64) for m in range(64)]
    counted = {case: sum(one.case == case for sample in drawn for one in sample) for case in names(1, 40)}
    expected = 2 * len(drawn) / 40
    chi = sum((number - expected) ** 2 / expected for number in counted.values())
    assert chi < 72, "the 99.9 % point for 39 degrees of freedom is 72.1"


def test_another_order_of_the_same_cases_is_another_sample():
    seed, frame = bytes(32), {"always": {"relative": names(1, 9)}, "townships": {}}
    sample = draw(seed, frame, QUARTERLY)
    assert sample_digest(sample) != sample_digest(tuple(reversed(sample)))


def test_a_residents_committee_is_told_by_its_code():
    assert is_urban("360829104001") and is_urban("360829104199")
    assert not is_urban("360829104200") and not is_urban("360829104000")


@pytest.mark.parametrize(
    ("right", "counted", "low", "high"),
    [  # Newcombe (1998), Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(right, counted, low, high):
    found = rate(right, counted)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(some.integers(1, 500).flatmap(lambda n: some.tuples(some.integers(0, n), some.just(n))))
def test_the_interval_holds_the_share_and_turns_over_with_it(pair):
    right, counted = pair
    found, other = rate(right, counted), rate(counted - right, counted)
    assert 0 <= found.low <= found.share + 1e-12 and found.share - 1e-12 <= found.high <= 1
    assert abs(found.low - (1 - other.high)) < 1e-12


def test_of_nothing_there_is_no_share():
    assert rate(0, 0).share is None and rate(0, 0).low is None
    with pytest.raises(ValueError, match="no share"):
        rate(3, 2)


def test_the_figures_are_those_of_the_field():
    checks = read_spot_checks(bpmn.load().files[FILE])
    assert (checks.quarterly.percent, checks.special.villages, checks.special.households) == (5, 2, 10)
    assert (checks.special.urban, checks.special.rural) == (6, 4)
    assert list(checks.always) == ["relative", "advance", "leader_note"]
    assert {item.figure for item in checks.sheet.values()} == {"I17", "I18", "I20"}


@pytest.mark.parametrize(
    ("was", "now", "element"),
    [
        ("percent = 5", "percent = 0", "kinds.quarterly.percent"),
        ("percent = 5", "percent = 101", "kinds.quarterly.percent"),
        ("rural = 4", "rural = 5", "kinds.special.urban"),
        ("[always.advance]", "[always.other]", "always.advance"),
        ('figure = "I18"', 'figure = "I19"', "sheet.category.figure"),
        ("after = 20", "after = 0", "draw.after"),
        ("[draw]", "[drew]", "draw"),
    ],
)
def test_wrong_figures_are_refused_with_their_place(was, now, element):
    content = bpmn.load().files[FILE].decode()
    assert was in content
    with pytest.raises(RulebookError) as refused:
        read_spot_checks(content.replace(was, now, 1).encode())
    assert element in {fault.element for fault in refused.value.faults}
