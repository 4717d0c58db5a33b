"""The forty attempts on the log, who has to find each, and the tests that perform them. One table for all.

V the verifier (checker, mirror, `audit verify`), W a witness, D a guard of the database, R replay, S what is
compared when the log or its sequencer starts, P that nothing leaves the house without its proof.
"""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DATABASE, KEYS, PUBLISHED = (
    f"test_tampering_with_{what}.py" for what in ("the_database", "keys_time_and_rules", "what_was_published")
)
USERS = "test_separating_database_users.py"
KILLED, CHECK = "test_killing_the_sequencer.py", "test_checking_without_mingjian.py"
JUNK = "test_feeding_checkers_junk.py"
ANY = "test_any_single_entry_altered_removed_repeated_or_reordered_is_found"
PAGES = (PUBLISHED, "test_01_02_a_flipped_byte_of_a_page_is_found")
FORKS = (PUBLISHED, "test_10_11_a_fork_under_the_logs_own_key_is_not_cosigned_and_kept_as_evidence")

# number: what is tried, who finds it, (file, test) … All of them on a county at work, on both databases.
TABLE = {
    1: ("a byte of an entry flipped", "V", (DATABASE, "test_01_a_flipped_byte_in_a_stored_entry_is_found"), PAGES,
        (PUBLISHED, ANY)),
    2: ("a byte of a tile flipped", "V", PAGES),
    3: ("two entries swapped", "V", (DATABASE, "test_03_two_entries_of_a_case_swapped_are_found"),
        (PUBLISHED, "test_03_two_entries_of_a_page_swapped_are_found"), (PUBLISHED, ANY)),
    4: ("an entry deleted from a bundle", "V", (PUBLISHED, "test_04_an_entry_taken_out_of_a_bundle_is_found"),
        (DATABASE, "test_04_an_entry_deleted_is_found")),
    5: ("a bundle missing", "V", (PUBLISHED, "test_05_a_page_that_is_missing_is_not_sound")),
    6: ("the checkpoint's size edited", "V", (PUBLISHED, "test_06_another_size_in_the_checkpoint_is_found")),
    7: ("an older checkpoint", "V W",
        (PUBLISHED, "test_07_a_log_set_back_is_found_by_the_mirror_and_the_witnesses")),
    8: ("a cosignature stripped", "V", (PUBLISHED, "test_08_a_stripped_cosignature_is_found")),
    9: ("a cosignature back-dated", "V", (PUBLISHED, "test_09_a_back_dated_cosignature_is_found")),
    10: ("a fork of the same size", "W", FORKS),
    11: ("a longer fork with a proof", "W", FORKS),
    12: ("a stale size, a junk proof", "W", (PUBLISHED, "test_12_a_stale_size_or_a_junk_proof_is_not_cosigned")),
    13: ("trigger off, a row updated", "V",
         (DATABASE, "test_13_a_sequenced_entry_rewritten_with_a_fitting_hash_is_found"),
         (DATABASE, "test_13_not_even_with_the_applications_key_can_a_sequenced_entry_be_rewritten")),
    14: ("the newest rows deleted", "S W",
         (DATABASE, "test_14_the_newest_rows_deleted_with_their_heads_are_found_at_the_next_start")),
    15: ("a state without its entry", "D", (DATABASE, "test_15_a_state_does_not_change_without_an_entry")),
    16: ("an entry without its state", "D R", (DATABASE, "test_16_an_entry_is_not_written_without_its_state"),
         (DATABASE, "test_16_replay_finds_it_where_the_owner_has_written_it")),
    17: ("wrong prev, a gap, a wrong leaf", "D V", (DATABASE, "test_17_what_does_not_follow_is_not_written"),
         ("test_attacking_the_log.py", "test_17_a_leaf_that_is_not_the_hash_is_refused_or_found")),
    18: ("INSERT OR REPLACE", "D", (DATABASE, "test_18_no_row_is_replaced")),
    19: ("a forged time of recording", "D", (DATABASE, "test_19_a_forged_time_of_recording_does_not_get_in")),
    20: ("replication role, TRUNCATE, DROP", "D V",
         (DATABASE, "test_20_the_replication_role_and_truncate_are_no_way_round"),
         (DATABASE, "test_20_guards_that_were_dropped_are_missed_by_the_verifier"),
         (USERS, "test_20_under_users_of_their_own_the_replication_role_truncate_and_drop_are_refused")),
    21: ("a case rebuilt with a stolen log key", "W",
         (KEYS, "test_21_a_case_rebuilt_under_stolen_keys_is_not_cosigned")),
    22: ("entry and state deleted before sequencing", "P",
         (DATABASE, "test_22_entry_and_state_deleted_before_sequencing_leave_no_receipt"),
         (DATABASE, "test_22_a_decision_with_its_receipt_can_no_longer_be_deleted")),
    23: ("past the application", "V", (KEYS, "test_23_an_entry_without_the_applications_key_is_found")),
    24: ("a revoked key", "V", (KEYS, "test_24_a_stolen_key_counts_no_longer_after_its_revocation")),
    25: ("the clock set back", "V", (KEYS, "test_25_a_clock_set_back_is_found_by_the_ticks")),
    26: ("late to dodge a limit", "V", (KEYS, "test_26_a_late_entry_is_reported_with_both_times")),
    27: ("another opening", "V", (KEYS, "test_27_another_opening_is_found")),
    28: ("a vault row deleted", "V", (KEYS, "test_28_a_vault_row_deleted_without_erasure_is_withheld")),
    29: ("a salt reused", "V", (KEYS, "test_29_a_salt_used_twice_is_found")),
    30: ("an entry sequenced twice", "D V", (DATABASE, "test_30_no_entry_gets_two_places"),
         (PUBLISHED, "test_30_an_entry_sequenced_twice_is_found"), (PUBLISHED, ANY)),
    31: ("an illegal transition", "R",
         (KEYS, "test_31_a_transition_that_the_diagram_does_not_have_is_found_by_replay")),
    32: ("one officer reviews and decides", "R",
         (KEYS, "test_32_one_officer_who_examines_and_decides_is_found_by_replay")),
    33: ("the diagram swapped", "V R", (KEYS, "test_33_a_diagram_swapped_under_the_same_version_is_found")),
    34: ("duplicate keys, other bytes, a node", "V",
         (DATABASE, "test_34_bytes_that_are_no_canonical_entry_are_found"),
         (PUBLISHED, "test_34_bytes_that_are_no_canonical_entry_are_found")),
    35: ("empty or short hashes in a proof", "V",
         (PUBLISHED, "test_35_an_empty_or_short_hash_or_path_is_refused")),
    36: ("one key as two witnesses", "V", (PUBLISHED, "test_36_one_key_listed_as_two_witnesses_is_refused")),
    37: ("two checkpoints shown", "V",
         (PUBLISHED, "test_37_another_version_shown_to_the_inspection_is_found_by_its_mirror")),
    38: ("kill -9, a full disk, two sequencers", "S",
         (KILLED, "test_killed_between_any_two_steps_nothing_is_lost_and_nothing_signed_twice"),
         (KILLED, "test_two_sequencers_at_once_and_killed_give_every_entry_one_place"),
         (KILLED, "test_a_disk_that_is_full_at_any_write_stops_publishing_and_loses_nothing"),
         (KILLED, "test_a_disk_that_is_really_full_stops_publishing_and_loses_nothing"),
         ("test_nothing_is_half_done.py", "test_what_was_acknowledged_survives_kill_9")),
    39: ("database or tiles lost", "S", (DATABASE, "test_39_a_restored_database_stops_the_office"),
         (DATABASE, "test_39_lost_tiles_are_written_again_and_others_are_not_taken")),
    40: ("input that makes a checker hang", "V", (JUNK, "test_40_no_spoiled_file_of_the_log_passes"),
         (JUNK, "test_40_no_spoiled_receipt_passes"), (JUNK, "test_40_a_spoiled_bundle_ends_with_a_verdict"),
         (JUNK, "test_40_a_spoiled_policy_ends_with_a_verdict"),
         (JUNK, "test_40_no_spoiled_request_is_cosigned"),
         (CHECK, "test_the_time_limit_stops_a_checker_that_hangs"),
         ("test_handing_out_receipts.py", "test_40_whatever_is_pasted_ends_with_a_clear_message"),
         ("test_attacking_the_log.py",
          "test_40_rows_that_hold_anything_are_named_and_do_not_stop_the_verifier")),
}  # fmt: skip


def test_every_attempt_is_performed():
    assert TABLE.keys() == set(range(1, 41))


@pytest.mark.parametrize("number", TABLE)
def test_the_tests_that_the_table_names_are_there(number):
    _, finders, *tests = TABLE[number]
    assert set(finders.split()) <= set("VWDRSP") and tests
    for file, name in tests:
        source = (HERE / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", source, re.MULTILINE), f"{file} has no {name}"
