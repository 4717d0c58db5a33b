"""The forty attempts on the log, who has to find each, and the tests that perform them. One table for all.

V the verifier (checker, mirror, `audit verify`), W a witness, D a guard of the database, R replay, S what is
compared when the log or its sequencer starts.
"""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ATTACK, CHECK, BUNDLE, MIRROR = (
    f"test_{name}.py"
    for name in (
        "attacking_the_log", "checking_without_mingjian", "handing_out_evidence", "mirroring_the_log",
    )
)  # fmt: skip
WITNESS, SEQUENCE = "test_witnessing_the_log.py", "test_sequencing_the_log.py"
BOND, REPLAY, KEYS = (
    f"test_{name}.py" for name in ("bonding_case_and_log", "replaying_cases", "signing_with_keys")
)
CHANGED = (BUNDLE, "test_whatever_was_changed_is_named")

# number: what is tried, who finds it, (file, test) …
TABLE = {
    1: ("a byte of an entry flipped", "V", (ATTACK, "test_01_a_flipped_byte_is_found"), CHANGED),
    2: ("a byte of a tile flipped", "V", (CHECK, "test_a_changed_file_of_the_log_is_named")),
    3: ("two entries swapped", "V", (ATTACK, "test_03_two_entries_of_a_case_swapped_are_found"), CHANGED),
    4: (
        "an entry deleted from a bundle", "V", CHANGED,
        (MIRROR, "test_04_entries_left_out_of_the_log_are_missing_in_their_case"),
    ),
    5: ("a bundle missing", "V", (MIRROR, "test_05_a_page_that_is_missing_is_not_sound_and_nothing_is_kept")),
    6: ("the checkpoint's size edited", "V", CHANGED, (CHECK, "test_an_altered_receipt_is_refused_with_a_reason")),
    7: ("an older checkpoint", "V W", (MIRROR, "test_07_a_log_set_back_is_found_by_who_has_seen_more")),
    8: ("a cosignature stripped", "V", (CHECK, "test_08_a_stripped_cosignature_is_missed"), CHANGED),
    9: ("a cosignature back-dated", "V", (CHECK, "test_09_a_back_dated_cosignature_is_no_signature")),
    10: ("a fork of the same size", "W", (WITNESS, "test_10_an_office_that_forks_is_stopped_by_its_witness")),
    11: ("a longer fork with a proof", "W", (WITNESS, "test_11_a_longer_fork_with_its_own_proof_is_not_signed")),
    12: ("a stale size, a junk proof", "W", (WITNESS, "test_12_a_junk_proof_is_not_signed")),
    13: (
        "trigger off, a row updated", "V",
        (ATTACK, "test_13_an_entry_rewritten_with_a_fitting_hash_no_longer_fits_its_successor"),
    ),
    14: ("the newest rows deleted", "W", (WITNESS, "test_14_a_witness_that_has_signed_more_stops_the_office")),
    15: ("a state without its entry", "D", (BOND, "test_a_case_does_not_change_without_an_entry")),
    16: ("an entry without its state", "D R", (BOND, "test_an_entry_is_not_written_without_the_case_having_moved")),
    17: ("wrong prev, a gap, a wrong leaf", "D V", (ATTACK, "test_17_the_database_refuses_what_does_not_follow")),
    18: ("INSERT OR REPLACE", "D", (ATTACK, "test_18_no_row_is_updated_replaced_or_truncated")),
    19: ("a forged time of recording", "D", (ATTACK, "test_19_a_forged_time_of_recording_does_not_get_in")),
    20: ("replication role, TRUNCATE, DROP", "D", (ATTACK, "test_20_the_replication_role_does_not_switch_the_guards_off")),
    21: ("a case rebuilt with a stolen log key", "W", (WITNESS, "test_21_a_history_rebuilt_under_a_stolen_log_key_is_not_signed")),
    23: ("past the application", "V", (CHECK, "test_23_an_entry_written_past_the_application_is_not_signed")),
    24: ("a revoked key", "V", (CHECK, "test_24_a_key_counts_up_to_its_revocation_whatever_time_an_entry_claims")),
    25: ("the clock set back", "V", (CHECK, "test_25_a_clock_set_back_is_found_by_the_ticks")),
    26: ("late to dodge a limit", "V", (CHECK, "test_26_a_late_entry_is_reported_with_both_times")),
    27: ("another opening", "V", (ATTACK, "test_27_another_opening_of_a_commitment_is_found"), CHANGED),
    28: ("a vault row deleted", "V", (BUNDLE, "test_28_a_vault_row_or_key_deleted_without_erasure_is_withheld")),
    29: ("a salt reused", "V", (ATTACK, "test_29_a_salt_used_in_two_cases_is_found"), CHANGED),
    30: ("an entry sequenced twice", "V", (CHECK, "test_30_an_entry_sequenced_twice_is_named")),
    31: ("an illegal transition", "R", (REPLAY, "test_a_step_that_was_not_open_is_named")),
    32: ("one officer reviews and decides", "R", (REPLAY, "test_one_officer_who_reviews_and_decides_is_named")),
    33: (
        "the diagram swapped", "V", CHANGED,
        (REPLAY, "test_a_diagram_swapped_under_the_recorded_rule_book_is_named"),
    ),
    34: ("duplicate keys, other bytes, a node", "V", (CHECK, "test_34_bytes_that_are_no_canonical_entry_are_named")),
    35: ("empty or short hashes in a proof", "V", (CHECK, "test_35_an_empty_or_short_hash_in_a_proof_is_refused")),
    36: ("one key as two witnesses", "V", (CHECK, "test_36_one_key_listed_as_two_witnesses_is_refused")),
    37: ("two checkpoints shown", "V", (MIRROR, "test_37_another_version_of_the_history_is_found_by_who_has_seen_the_first")),
    38: ("kill -9, a full disk", "S", ("test_nothing_is_half_done.py", "test_what_was_acknowledged_survives_kill_9")),
    39: ("database or tiles lost", "S", (SEQUENCE, "test_39_a_database_behind_the_published_log_stops_it")),
    40: ("input that makes a checker hang", "V", (CHECK, "test_the_time_limit_stops_a_checker_that_hangs")),
}  # fmt: skip
NOT_YET = {22: "entry and state deleted before sequencing: the receipt tells, once decisions carry one"}


def test_every_attempt_is_performed_or_named_as_missing():
    assert TABLE.keys() | NOT_YET.keys() == set(range(1, 41))
    assert not TABLE.keys() & NOT_YET.keys()


@pytest.mark.parametrize("number", TABLE)
def test_the_tests_that_the_table_names_are_there(number):
    _, finders, *tests = TABLE[number]
    assert set(finders.split()) <= set("VWDRS") and tests
    for file, name in tests:
        source = (HERE / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", source, re.MULTILINE), f"{file} has no {name}"
