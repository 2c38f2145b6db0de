"""The conditional tabular GAN: what it promises of fits, samples and files."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.artifacts import ArtifactError, save_artifact
from ml.fna.schema import CHECKS, FEATURE_NAMES, failed_checks
from ml.gan.tabular import ConditionalTabularGAN, TrainingAborted
from ml.gan.tabular.coordinates import from_coordinates, to_coordinates
from ml.gan.tabular.training import TrainingSettings
from ml.metrics.tables import correlation_difference, ks_complement

Table = tuple[NDArray[np.float64], NDArray[np.int64]]
BRIEF = TrainingSettings(steps=30, batch=32, hidden=16)


def test_coordinates_lead_back_to_the_measurements(table: Table) -> None:
    X = table[0]
    assert (X == 0).any()

    back = from_coordinates(torch.from_numpy(to_coordinates(X))).numpy()

    np.testing.assert_allclose(back, X, rtol=1e-12, atol=0)


def test_samples_have_the_counts_asked_for(brief: ConditionalTabularGAN) -> None:
    X, y = brief.sample({0: 31, 1: 7}, seed=3)

    assert X.shape == (38, 30)
    assert (y == 0).sum() == 31
    assert (y == 1).sum() == 7
    assert brief.sample({1: 0}, seed=3)[0].shape == (0, 30)
    assert brief.sample({1: 1}, seed=3)[1].tolist() == [1]


def test_large_samples_are_drawn_in_blocks(brief: ConditionalTabularGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    draw = ConditionalTabularGAN._draw

    def counted(self: ConditionalTabularGAN, label: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        sizes.append(count)
        return draw(self, label, count, rng)

    monkeypatch.setattr("ml.gan.tabular.generator._BLOCK", 100)
    monkeypatch.setattr(ConditionalTabularGAN, "_draw", counted)

    X, _ = brief.sample({0: 6000}, seed=3)

    assert X.shape == (6000, 30)
    assert max(sizes) == 100


def test_samples_keep_every_rule_of_the_schema(brief: ConditionalTabularGAN) -> None:
    X, _ = brief.sample({0: 1500, 1: 1500}, seed=5)

    failed = failed_checks(X).any(axis=0)

    assert {check.code.partition(":")[0] for check, any_failed in zip(CHECKS, failed, strict=True) if any_failed} <= {
        "beyond_training"
    }


def test_no_sample_is_a_training_row(brief: ConditionalTabularGAN, table: Table) -> None:
    X, _ = brief.sample({0: 1000, 1: 1000}, seed=6)

    relative = np.abs(X[:, None, :3] / table[0][None, :, :3] - 1.0).max(axis=2)

    assert relative.min() > 0.0
    assert not set(map(bytes, X)) & set(map(bytes, table[0]))


def test_outlines_without_indentations_are_as_frequent_as_in_training(
    brief: ConditionalTabularGAN, table: Table
) -> None:
    concavity, points = FEATURE_NAMES.index("concavity_mean"), FEATURE_NAMES.index("concave_points_worst")
    benign = table[0][table[1] == 0]

    X, _ = brief.sample({0: 2000}, seed=2)

    assert ((X[:, concavity] == 0) == (X[:, points] == 0)).all()
    assert (X[:, concavity] == 0).mean() == pytest.approx((benign[:, concavity] == 0).mean(), abs=0.005)


def test_samples_resemble_the_training_table(brief: ConditionalTabularGAN, table: Table) -> None:
    X, y = brief.sample({label: int((table[1] == label).sum()) for label in (0, 1)}, seed=4)

    difference = correlation_difference(table, (X, y))
    assert ks_complement(table[0], X) > 0.95
    assert difference.pooled < 0.06
    assert difference.within < 0.09


def test_the_same_seed_gives_the_same_rows(brief: ConditionalTabularGAN, table: Table) -> None:
    again = ConditionalTabularGAN(BRIEF).fit(*table, seed=1)
    other = ConditionalTabularGAN(BRIEF).fit(*table, seed=2)
    rows = brief.sample({0: 80, 1: 70}, seed=9)[0]

    np.testing.assert_array_equal(again.sample({0: 80, 1: 70}, seed=9)[0], rows)
    assert not np.array_equal(other.sample({0: 80, 1: 70}, seed=9)[0], rows)
    assert not np.array_equal(brief.sample({0: 80, 1: 70}, seed=10)[0], rows)


def test_a_saved_generator_draws_the_same_rows(brief: ConditionalTabularGAN, tmp_path: Path) -> None:
    path = tmp_path / "generator.safetensors"

    sha256 = brief.save(path, {"name": "x"})
    loaded = ConditionalTabularGAN.load(path)

    np.testing.assert_array_equal(loaded.sample({0: 90, 1: 5}, seed=1)[0], brief.sample({0: 90, 1: 5}, seed=1)[0])
    assert loaded.sha256 == sha256
    assert loaded.card["name"] == "x"
    assert loaded.counts_ == brief.counts_
    assert loaded.privacy_ is None


def test_no_training_value_is_stored(brief: ConditionalTabularGAN, table: Table, tmp_path: Path) -> None:
    brief.save(tmp_path / "generator.safetensors", {})
    coordinates = to_coordinates(table[0])

    knots = ConditionalTabularGAN.load(tmp_path / "generator.safetensors")._fitted.copula.knots.numpy()

    for column in range(30):
        assert not np.isin(knots[:, column].ravel(), coordinates[:, column]).any()


def test_another_model_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_artifact(path, {"weight": torch.zeros(3)}, metadata={"format": "other"}, card={})

    with pytest.raises(ArtifactError, match="not the weights of a tabular GAN"):
        ConditionalTabularGAN.load(path)


def test_training_reports_and_stops_when_asked(table: Table) -> None:
    reported: list[tuple[int, int]] = []
    recorded: dict[int, dict[str, float]] = {}
    model = ConditionalTabularGAN(BRIEF)
    model.fit(*table, progress=lambda done, total: reported.append((done, total)), record=recorded.__setitem__)

    assert reported[0] == (0, 30)
    assert reported[-1] == (30, 30)
    assert list(recorded) == [0, 25]
    assert set(recorded[25]) == {"loss_generator", "loss_discriminator"}
    with pytest.raises(TrainingAborted, match="step 0 of 30"):
        ConditionalTabularGAN(BRIEF).fit(*table, abort=lambda: True)


def test_unusable_tables_are_refused(table: Table) -> None:
    X, y = table
    holed = X.copy()
    holed[7, 0] = np.nan
    model = ConditionalTabularGAN(BRIEF)

    with pytest.raises(ValueError, match="row 7: Radius, mean: no value"):
        model.fit(holed, y)
    with pytest.raises(ValueError, match=r"\(n, 30\)"):
        model.fit(X[:, :29], y)
    with pytest.raises(ValueError, match="300 outcomes, each 0 "):
        model.fit(X, y + 1)
    few = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:3]])
    with pytest.raises(ValueError, match="3 malignant rows, 3 of them different, are too few"):
        model.fit(X[few], y[few])


def test_unknown_classes_and_negative_counts_are_refused(brief: ConditionalTabularGAN) -> None:
    for counts in ({2: 5}, {0: -1}):
        with pytest.raises(ValueError, match="counts must map 0"):
            brief.sample(counts, seed=0)
