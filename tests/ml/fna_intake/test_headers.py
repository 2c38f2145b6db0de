"""Header spellings found in the wild, and those that must not be guessed."""

import pytest

from ml.fna.intake.headers import is_generic, understand_header
from ml.fna.schema import FEATURES


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_family_of_spellings_is_understood(feature):
    words = feature.measure.split("_")
    spoken, joined = " ".join(words), "".join(words)
    camel = joined if len(words) == 1 else words[0] + words[1].title()
    number = {"mean": 1, "se": 2, "worst": 3}[feature.statistic]
    word = {"mean": "Mean", "se": "SE", "worst": "Worst"}[feature.statistic]
    scikit = {"mean": f"mean {spoken}", "se": f"{spoken} error", "worst": f"worst {spoken}"}[feature.statistic]
    spellings = [
        feature.name,
        feature.label,
        f"{feature.label} ({feature.unit})" if feature.unit else feature.label,
        scikit,
        scikit.title(),
        f"{spoken}_{feature.statistic}",  # Kaggle
        f"{spoken.replace(' ', '.')}.{feature.statistic}",  # R
        f"{feature.measure}{number}",  # UCI repository
        f"{spoken.title()} {word}",
        f"{word} {spoken.title()} ",
        f"{camel}{word}",
        f"{word.lower()}{camel[0].upper()}{camel[1:]}",
        f"{spoken.upper()}-{word.upper()}",
        f" {spoken.title()} ({word.lower()})",
    ]
    assert [understand_header(spelling).meaning for spelling in spellings] == [feature.name] * len(spellings)


@pytest.mark.parametrize(
    "header",
    [
        "radius",
        "mean",
        "radius_sd",
        "radius std",
        "mean worst radius",
        "radius texture mean",
        "Clump Thickness",
    ],
)
def test_what_names_no_single_feature_is_not_guessed(header):
    assert understand_header(header).meaning is None


@pytest.mark.parametrize(
    "header",
    ["radius_mean_old", "ratio_mean", "area_4", "concave_mean", "dimension_worst", "", "№", "Unnamed: 32"],
)
def test_a_header_with_any_other_word_in_it_is_not_guessed(header):
    assert understand_header(header).meaning is None


def test_physical_units_are_understood_but_remarked_on():
    assert understand_header("Mean radius (µm)").other_unit == "µm"
    assert understand_header("Mean area [microns]").other_unit == "microns"
    assert understand_header("Mean area (px²)").other_unit is None


@pytest.mark.parametrize("header", ["id", "ID Number ", "Patient ID", "sample", "Case No.", "MRN", "sample_id"])
def test_sample_id_headers(header):
    assert understand_header(header).meaning == "sample_id"


@pytest.mark.parametrize("header", ["Diagnosis", "known outcome", "malignant", "is_malignant", "Outcome"])
def test_diagnosis_headers(header):
    meaning = understand_header(header)
    assert (meaning.meaning, meaning.bare_outcome) == ("diagnosis", False)


@pytest.mark.parametrize("header", ["target", "Class", "label", "y"])
def test_outcome_headers_that_leave_the_code_open(header):
    meaning = understand_header(header)
    assert (meaning.meaning, meaning.bare_outcome) == ("diagnosis", True)


def test_generic_headers_are_a_programs_own_numbering():
    assert is_generic([f"V{i}" for i in range(1, 33)])
    assert is_generic([str(i) for i in range(32)])
    assert not is_generic(["V1", "V3"])
    assert not is_generic(["radius1", "texture1"])
