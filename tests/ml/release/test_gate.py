"""The verdict, from passports made by hand: each bound, and everything that may be missing."""

from dataclasses import replace

import pytest

from ml.release.bounds import BOUNDS, FEWEST, REQUIRED
from ml.release.gate import judge
from ml.release.passport import Figure, Kind, Passport, Provenance


def figure(value: float, low: float | None = None) -> Figure:
    return Figure(value, low, None if low is None else 1.0, "lower", "words")


def clean(kind: Kind = "fna") -> Passport:
    parts = {part: dict.fromkeys(names, figure(0.0)) for part, names in REQUIRED[kind].items()}
    return Passport(kind, Provenance(kind), dict(FEWEST), **parts)


def with_privacy(name: str, value: Figure) -> Passport:
    passport = clean()
    return replace(passport, privacy=passport.privacy | {name: value})


@pytest.mark.parametrize("kind", ["fna", "image"])
def test_a_clean_passport_is_releasable(kind: Kind) -> None:
    verdict = judge(clean(kind))
    assert verdict.releasable
    assert verdict.as_dict() == {"releasable": True, "reasons": []}


def test_no_passport_blocks() -> None:
    assert [reason.code for reason in judge(None).reasons] == ["no_passport"]


@pytest.mark.parametrize("name", ["exact_copies", "near_copies", "interpolations"])
def test_a_single_copy_or_blend_blocks(name: str) -> None:
    (reason,) = judge(with_privacy(name, figure(1.0))).reasons
    assert (reason.code, reason.figure, reason.bound) == (name, 1.0, 0.0)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("dcr_share", "close_to_training"),
        ("membership_auc", "membership_attack"),
        ("membership_tpr", "membership_attack_few"),
    ],
)
def test_only_a_proven_excess_blocks(name: str, code: str) -> None:
    most = next(bound.most for bound in BOUNDS if bound.figure == name)
    assert judge(with_privacy(name, figure(0.9, most))).releasable
    (reason,) = judge(with_privacy(name, figure(0.9, most + 0.01))).reasons
    assert (reason.code, reason.figure, reason.bound) == (code, most + 0.01, most)


def test_a_figure_without_interval_is_taken_at_its_value() -> None:
    assert [reason.code for reason in judge(with_privacy("membership_auc", figure(0.6))).reasons] == [
        "membership_attack"
    ]


@pytest.mark.parametrize(
    ("part", "name"), [(part, name) for part, names in REQUIRED["image"].items() for name in names]
)
def test_each_missing_figure_blocks_and_is_named(part: str, name: str) -> None:
    passport = clean("image")
    left = {key: value for key, value in getattr(passport, part).items() if key != name}
    (reason,) = judge(replace(passport, **{part: left})).reasons
    assert reason.code == f"missing_{part}"
    assert name.replace("_", " ") in reason.message


@pytest.mark.parametrize("part", ["train", "holdout", "synthetic"])
def test_too_few_records_block(part: str) -> None:
    passport = clean()
    (reason,) = judge(replace(passport, sizes=passport.sizes | {part: FEWEST[part] - 1})).reasons
    assert (reason.code, reason.bound) == ("too_few_records", float(FEWEST[part]))


def test_records_derived_from_patients_need_consent_in_words() -> None:
    passport = clean("image")
    derived = replace(passport.provenance, derived_from_patients=True)
    assert [reason.code for reason in judge(replace(passport, provenance=derived)).reasons] == ["no_consent"]
    blank = replace(derived, consent="  ")
    assert [reason.code for reason in judge(replace(passport, provenance=blank)).reasons] == ["no_consent"]
    named = replace(derived, consent="Broad consent, vote 12/2024")
    assert judge(replace(passport, provenance=named)).releasable
