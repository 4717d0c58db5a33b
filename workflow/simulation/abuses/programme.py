"""Which abuses are planted, how often, and with how many near-misses beside them."""

from collections.abc import Callable
from dataclasses import dataclass

from workflow.simulation.abuses import (
    claims,
    duties,
    favours,
    money,
    persons,
    rescues,
    rituals,
    slowness,
)
from workflow.simulation.abuses.scene import Scene
from workflow.simulation.abuses.scripts import Script


@dataclass(frozen=True, slots=True)
class Planting:
    """One kind of abuse. `script` is told which of several it is, and whether it stays on the right side.

    `reserved`: needs a village without honest cases; `township`: a whole township without; `bulk`: of so many
    cases that a small county does without; `until`: the share of the year by which it begins.
    """

    rule: str
    script: Callable[[Scene, int, bool], Script]
    times: int = 3
    near: int = 1
    reserved: bool = False
    township: bool = False
    bulk: bool = False
    until: float = 0.5


PROGRAMME = (
    Planting("RF-01", slowness.left_lying),
    Planting("RF-02", slowness.dragged_on),
    Planting("RF-02", slowness.slow_reviewer, bulk=True),
    Planting("RF-02", slowness.always_at_the_last, bulk=True),
    Planting("RF-03", slowness.long_pause),
    Planting("RF-03", slowness.paused_at_the_last_moment),
    Planting("RF-04", slowness.accepted_outside),
    Planting("RF-05", slowness.left_out),
    Planting("RF-06", slowness.alert_unanswered),
    Planting("RF-06", slowness.alert_without_inclusion),
    Planting("RF-07", favours.filed_too_late),
    Planting("RF-08", favours.chair_next_door),
    Planting("RF-08", favours.kin_of_cadres, reserved=True, bulk=True),
    Planting("RF-09", rituals.decided_unread),
    Planting("RF-09", rituals.photo_used_twice),
    Planting("RF-09", rituals.minutes_used_twice),
    Planting("RF-09", rituals.surveys_copied),
    Planting("RF-09", rituals.twenty_decisions, reserved=True, bulk=True),
    Planting("RF-09", rituals.township_agrees, township=True, bulk=True),
    Planting("RF-10", favours.pressed_into_approval, until=0.3),
    Planting("RF-11", favours.on_a_leaders_note),
    Planting("RF-12", claims.invoice_twice),
    Planting("RF-12", claims.two_beds),
    Planting("RF-13", claims.more_than_the_bill),
    Planting("RF-14", claims.not_medical),
    Planting("RF-15", persons.treated_after_death),
    Planting("RF-15", persons.one_account_for_many),
    Planting("RF-15", persons.one_phone_for_many),
    Planting("RF-15", persons.account_of_a_stranger),
    Planting("RF-16", persons.dead_on_the_roster),
    Planting("RF-17", persons.put_on_the_roster_for_it),
    Planting("RF-17", persons.on_the_roster_today),
    Planting("RF-18", money.paid_late),
    Planting("RF-18", money.return_left_lying),
    Planting("RF-19", money.paid_to_a_company),
    Planting("RF-19", money.paid_to_staff),
    Planting("RF-20", claims.hospital_unknown),
    Planting("RF-20", claims.a_week_of_bills),
    Planting("RF-21", rituals.taken_down_early),
    Planting("RF-22", rituals.relative_voted),
    Planting("RF-23", rituals.surveyed_alone),
    Planting("RF-24", duties.both_steps),
    Planting("RF-24", duties.away_and_acting),
    Planting("RF-25", money.split_below_the_limit, until=0.35),
    Planting("RF-28", rescues.papers_never_came),
    Planting("RF-28", rescues.hospital_of_advances, bulk=True),
    Planting("RF-29", favours.approved_without_new_evidence, until=0.3),
    Planting("RF-29", favours.whole_village_refused, reserved=True, bulk=True),
    Planting("RF-30", claims.out_of_catalogue),
    Planting("RF-30", claims.stay_split),
    Planting("RF-30", claims.no_night),
    Planting("RF-32", duties.thirty_one_views),
    Planting("RF-32", duties.large_export),
    Planting("RF-34", money.part_refused),
    Planting("RF-36", money.rush_before_new_year, reserved=True, bulk=True),
    Planting("RF-40", duties.filed_for_a_dozen, reserved=True, bulk=True),
)
