"""Curves and passports before they become a page."""

import pytest

from synthesis.curves import charts, charts_of_several, newest, table, thinned
from synthesis.digits import significant
from synthesis.distribution import distribution_of
from synthesis.forms.words import odds_factor
from synthesis.models import TrainingRecord
from synthesis.passport_page import compared, sections_of
from synthesis.templatetags.synthetic import duration, mix
from tests.synthesis.stored import passport_of
from webapp.templatetags import formats


def records(*values: dict[str, float | None]) -> list[TrainingRecord]:
    """One record for each, 10 steps and one second apart."""
    return [TrainingRecord(step=10 * n, seconds=float(n), values=one) for n, one in enumerate(values, start=1)]


def test_thinning_keeps_first_and_last() -> None:
    assert thinned(list(range(1000)), 5) == [0, 250, 500, 749, 999]
    assert thinned([1, 2], 5) == [1, 2]


def test_curves_leave_out_what_was_not_measured_and_what_nobody_knows() -> None:
    found = charts(records({"loss_generator": 1.0}, {"loss_generator": None, "frechet": 9.0}, {"strange": 3.0}))
    assert [(curve["name"], curve["steps"], curve["values"]) for curve in found["losses"]["series"]] == [
        ("Generator", [10], [1.0])
    ]
    assert [(curve["name"], curve["steps"]) for curve in found["quality"]["series"]] == [("Fréchet distance", [20])]


def test_several_runs_have_a_colour_each_and_figures_a_dash() -> None:
    run = records({"loss_generator": 1.0, "loss_discriminator": 2.0, "frechet": 3.0})
    found = charts_of_several([("A", run), ("B", run)])
    looks = [(curve["name"], curve["ink"], curve["dash"]) for curve in found["losses"]["series"]]
    assert looks == [
        ("A: generator", 0, 0),
        ("A: discriminator", 0, 1),
        ("B: generator", 1, 0),
        ("B: discriminator", 1, 1),
    ]
    assert [(curve["name"], curve["ink"]) for curve in found["quality"]["series"]] == [("A", 0), ("B", 1)]


def test_the_table_has_a_gap_where_a_step_has_no_figure() -> None:
    columns, rows = table(records({"frechet": 9.0}, {"loss_generator": 1.0}))
    assert columns == ["Generator loss", "Fréchet distance"]
    assert [row.values for row in rows] == [[None, 9.0], [1.0, None]]


def test_the_newest_of_each_figure_is_shown() -> None:
    latest = newest(records({"frechet": 9.0}, {"loss_generator": 1.0}))
    assert latest is not None
    assert (latest.step, latest.figures) == (20, [("Generator loss", 1.0), ("Fréchet distance", 9.0)])
    assert newest([]) is None


def test_a_bound_that_is_exceeded_is_marked() -> None:
    privacy = sections_of(passport_of(exact_copies=2.0))[2]
    lines = {line.name: line for line in privacy.lines}
    assert (lines["exact_copies"].exceeds, lines["exact_copies"].bound) == (True, "none allowed")
    assert (lines["near_copies"].exceeds, lines["dcr_share"].exceeds) == (False, False)
    assert lines["dcr_share"].bound == "interval may not begin above 0.55"


def test_the_best_of_a_row_follows_the_figures_own_direction() -> None:
    passports = [passport_of(dcr_share=0.5), passport_of(dcr_share=0.6), None]
    lines = {line.label: line for _, part in compared(passports) for line in part}
    shares = lines["Share nearer to training than to held-out records (DCR)"]
    assert [(cell.text, cell.is_best) for cell in shares.cells] == [("0.5", True), ("0.6", False), ("", False)]
    assert shares.differs
    alike = lines["Exact copies"]
    assert not alike.differs
    assert not any(cell.is_best for cell in alike.cells)


def test_a_distribution_fills_its_drawing() -> None:
    found = distribution_of({"radius_mean": {"edges": [5.0, 10.0, 15.0], "benign": [4, 0], "malignant": [1, 2]}})
    assert found is not None
    assert (found.label, found.low, found.high) == ("Radius, mean (px)", "5", "15")
    (name, bars), _ = found.classes
    assert (name, bars[0].x, bars[0].width, bars[0].y, bars[0].height) == ("benign", 0.0, 50.0, 0.0, 100.0)
    assert distribution_of({}) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (40, "40 seconds"), (600, "10 minutes"), (4800, "80 minutes"), (6000, "1 h 40 min")],
)
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_odds_and_mixes_in_words() -> None:
    assert [odds_factor(epsilon) for epsilon in (1, 3, 8)] == ["2.7", "20", "3,000"]
    assert mix({"malignant": 1200, "benign": 3, "normal": 0}) == "3 benign, 1,200 malignant"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0, 4, "0"), (0.0024981, 4, "0.002498"), (1234567, 4, "1235000"), (-0.5, 3, "−0.5"), (1e-5, 2, "0.00001")],
)
def test_digits_read_as_on_every_other_page(value: float | None, digits: int, text: str) -> None:
    assert significant(value, digits) == text == formats.significant(value, digits)
