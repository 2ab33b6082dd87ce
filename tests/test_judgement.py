"""Weights, witnesses and the model score, by hand."""

import msgspec
import pytest

from forensics.causes import all_causes
from forensics.evidence import Source
from forensics.judgement import (
    CONFIRMED,
    DECISIVE,
    INCONCLUSIVE,
    LIKELY,
    POSSIBLE,
    PREVIOUS_BOOT,
    RULED_OUT,
    STATUSES,
    STRONG,
    WEAK,
    Judgement,
    Point,
    Statement,
    Weight,
    strongest,
    weigh,
)

WEIGHTS = {
    "full": Weight(STRONG, "fullness", "counting"),
    "calm": Weight(-DECISIVE, "fullness", "counting"),
    "rate": Weight(DECISIVE, "rate", "a formula", computed=True),
    "slow": Weight(-STRONG, "rate", "a formula", computed=True),
}
# The model, written down a second time: odds before any evidence, and what each grade multiplies them by.
PRIOR, ODDS = 1 / 5, {1: 3.0, 2: 9.0, 3: 1000.0}


def answer(*points: Point, status: str = LIKELY) -> Judgement:
    return Judgement("time-wait-churn", status, Statement("headline-likely"), points)


def point(weight: int, witness: str = "") -> Point:
    return Point(Statement("said"), weight, (), witness)


# --- weigh ---


def test_a_point_has_the_tables_grade_and_witness() -> None:
    source = Source("netstat/ano-1.txt", line=4)
    one = weigh(WEIGHTS, "full", {"held": 900}, [source])
    assert one == Point(Statement("full", {"held": 900}), STRONG, (source,), "fullness")
    assert weigh(WEIGHTS, "calm").weight == -DECISIVE


@pytest.mark.parametrize("grade", [3, 2, 1, -1, -3])
def test_a_computed_grade_is_at_most_the_tables(grade: int) -> None:
    assert weigh(WEIGHTS, "rate", grade=grade).weight == grade


@pytest.mark.parametrize(("message", "grade"), [("slow", 3), ("slow", -3), ("rate", 4), ("full", 2), ("full", 1)])
def test_a_grade_that_the_table_does_not_give_is_an_error_of_ours(message: str, grade: int) -> None:
    with pytest.raises(ValueError, match=message):
        weigh(WEIGHTS, message, grade=grade)


def test_a_message_without_a_weight_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        weigh(WEIGHTS, "unheard-of")


def test_there_is_no_grade_of_nothing() -> None:
    with pytest.raises(ValueError, match="rate"):
        weigh(WEIGHTS, "rate", grade=0)


# --- what counts ---


def test_of_one_witness_the_heaviest_counts_once_for_and_once_against() -> None:
    for_weak, for_strong = point(WEAK, "events"), point(STRONG, "events")
    against_weak, against_strong = point(-WEAK, "events"), point(-STRONG, "events")
    one = answer(for_weak, against_strong, for_strong, against_weak)
    assert list(one.counted) == [for_strong, against_strong]


def test_of_equals_the_first_counts() -> None:
    first = Point(Statement("first"), STRONG, (), "events")
    second = Point(Statement("second"), STRONG, (), "events")
    assert answer(first, second).counted == (first,)


def test_other_witnesses_and_unnamed_ones_count_each() -> None:
    points = (point(WEAK, "a"), point(WEAK, "b"), point(WEAK), point(WEAK))
    assert answer(*points).counted == points


# --- the model score ---


def by_hand(*weights: int) -> float:
    odds = PRIOR
    for weight in weights:
        odds *= ODDS[abs(weight)] ** (1 if weight > 0 else -1)
    return odds / (1 + odds)


@pytest.mark.parametrize(
    "weights",
    [
        (),
        (1,),
        (2,),
        (3,),
        (-1,),
        (-2,),
        (-3,),
        (2, 2),
        (2, -2),
        (3, -3),
        (1, 1, 1),
        (2, 1, -1),
        (2, 2, 2, 1),
        (-2, -2),
    ],
)
def test_the_score_follows_from_the_grades_alone(weights: tuple[int, ...]) -> None:
    one = answer(*(point(weight, f"witness {number}") for number, weight in enumerate(weights)))
    assert one.confidence == pytest.approx(by_hand(*weights), abs=0.0051)


def test_some_scores_to_the_digit() -> None:
    assert answer().confidence == 0.17  # 1/6
    assert answer(point(STRONG, "a")).confidence == 0.64  # 9/14
    assert answer(point(STRONG, "a"), point(STRONG, "b")).confidence == 0.94  # 81/86
    assert answer(point(-DECISIVE, "a")).confidence == 0.0


def test_repeating_one_observation_changes_nothing() -> None:
    once, often = answer(point(STRONG, "a")), answer(*[point(STRONG, "a")] * 40)
    assert once.confidence == often.confidence


def test_more_for_it_never_lowers_the_score() -> None:
    scores = [answer(*(point(WEAK, str(number)) for number in range(count))).confidence for count in range(9)]
    assert scores == sorted(scores)
    assert 0 <= scores[0] < scores[-1] <= 1


def test_very_many_pieces_stay_between_0_and_1() -> None:
    assert answer(*(point(DECISIVE, str(number)) for number in range(60))).confidence == 1.0
    assert answer(*(point(-DECISIVE, str(number)) for number in range(60))).confidence == 0.0


def test_the_score_does_not_know_the_status() -> None:
    assert len({answer(point(STRONG, "a"), status=status).confidence for status in STATUSES}) == 1


# --- the strongest ---


def test_the_strongest_status_and_of_equals_the_earlier() -> None:
    now = answer(status=POSSIBLE)
    before = msgspec.structs.replace(now, applies_to=PREVIOUS_BOOT)
    assert strongest([now, before]) is now
    assert strongest([before, now]) is before
    assert strongest([now, answer(status=LIKELY)]).status == LIKELY
    assert [
        strongest([answer(status=RULED_OUT), answer(status=status)]).status
        for status in (CONFIRMED, LIKELY, POSSIBLE, INCONCLUSIVE)
    ] == [CONFIRMED, LIKELY, POSSIBLE, INCONCLUSIVE]


# --- the tables of all causes ---


@pytest.mark.parametrize("cause", all_causes(), ids=lambda cause: cause.ID)
def test_every_message_can_be_weighed(cause: object) -> None:
    weights = cause.WEIGHTS  # type: ignore[attr-defined]
    for message, weight in weights.items():
        assert weigh(weights, message).weight == weight.grade
        assert weight.grade in {-3, -2, -1, 1, 2, 3}
