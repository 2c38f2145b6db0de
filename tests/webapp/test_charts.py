"""The geometry of server-drawn charts."""

import re

import pytest
from django.template import Context, Template

from ml.fna.schema import FEATURE_NAMES, FEATURES
from webapp.templatetags.charts import calibration_points, contribution_bars, probability_scale


def render(source: str, **context: object) -> str:
    return Template("{% load charts %}" + source).render(Context(context))


def test_scale_places_marker_interval_and_threshold_in_per_cent() -> None:
    scale = probability_scale(0.62, 0.5, 0.4, 0.75)
    assert (scale.marker.x, scale.marker.text, scale.marker.anchor) == (62.0, "62.0%", "middle")
    assert (scale.interval_x, scale.interval_width) == (40.0, 35.0)
    assert (scale.threshold.x, scale.above_threshold) == (50.0, 50.0)
    assert scale.description == (
        "Estimated probability of malignancy 62.0%, interval 40.0% to 75.0%. Decision threshold 50.0%."
    )


@pytest.mark.parametrize(("probability", "anchor"), [(0.0, "start"), (0.5, "middle"), (1.0, "end")])
def test_scale_keeps_its_labels_inside_the_drawing(probability: float, anchor: str) -> None:
    scale = probability_scale(probability, probability)
    assert scale.marker.anchor == scale.threshold.anchor == anchor
    assert scale.interval_x is None


def test_scale_never_rounds_to_certainty() -> None:
    assert probability_scale(0.99997, 0.5).marker.text == ">99.9%"
    assert probability_scale(0.00003, 0.5).marker.text == "<0.1%"


@pytest.mark.parametrize(
    ("numbers", "message"),
    [((1.2, 0.5), r"\[0, 1\]"), ((0.5, -0.1), r"\[0, 1\]"), ((0.5, 0.5, 0.7, 0.3), "ends before it starts")],
)
def test_scale_refuses_impossible_numbers(numbers: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        probability_scale(*numbers)


def test_bars_grow_from_the_middle_and_the_strongest_comes_first() -> None:
    bars = contribution_bars({"radius_mean": 1.0, "texture_worst": -2.0, "area_se": 0.0})
    assert [(bar.label, bar.direction) for bar in bars] == [
        ("Texture, worst", "benign"),
        ("Radius, mean", "malignant"),
        ("Area, standard error", "neither"),
    ]
    assert [(bar.x, bar.width) for bar in bars] == [(0.0, 50.0), (50.0, 25.0), (50.0, 0.0)]
    assert [bar.text for bar in bars] == ["−2.00", "+1.00", "+0.00"]


def test_bars_of_nothing_but_zeros_have_no_width() -> None:
    bars = contribution_bars(dict.fromkeys(FEATURE_NAMES, 0.0))
    assert len(bars) == 30
    assert {bar.width for bar in bars} == {0.0}


def test_bars_show_each_measurement_beside_its_own_label() -> None:
    measurements = [float(index + 1) for index in range(30)]
    bars = contribution_bars(dict.fromkeys(FEATURE_NAMES, 1.0), measurements)
    expected = {feature.label: f"{index + 1} {feature.unit}".strip() for index, feature in enumerate(FEATURES)}
    assert {bar.label: bar.measured for bar in bars} == expected


def test_charts_obey_the_content_security_policy_and_speak() -> None:
    html = render(
        "{% probability_scale 0.93 0.48 0.81 0.98 %}{% contributions_chart c m %}",
        c={"area_mean": 0.5},
        m=[1.0] * 30,
    )
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", html)
    assert 'aria-label="Estimated probability of malignancy 93.0%, interval 81.0% to 98.0%' in html
    assert 'x="81.0%"' in html
    assert html.count("<caption") == 2


def test_chart_shows_the_strongest_and_tables_all() -> None:
    contributions = {name: float(index) for index, name in enumerate(FEATURE_NAMES, start=1)}
    html = render("{% contributions_chart c shown=5 %}", c=contributions)
    assert html.count("lobule-contributions__bar") == 5
    assert html.count('<tr class="nhsuk-table__row">') == 30


def test_calibration_points_lie_where_their_bins_say_and_grow_with_their_cases() -> None:
    bins = [
        {"predicted": 0.25, "observed": 0.5, "cases": 100},
        {"predicted": 1.0, "observed": 0.0, "cases": 25},
        {"predicted": 0.0, "observed": 1.0, "cases": 1},
    ]
    points = calibration_points(bins)
    assert [(point.x, point.y) for point in points] == [(80.0, 160.0), (320.0, 320.0), (0.0, 0.0)]
    assert [point.radius for point in points] == [14.0, 7.0, 3.0]
    html = render("{% calibration_plot bins %}", bins=bins)
    assert html.count("<circle") == 3
    assert "25.0%" in html
    assert not re.search(r"\sstyle=|<style|<script|\son\w+=", html)
