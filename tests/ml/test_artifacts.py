"""Model files: what goes in comes out, and nothing else is let in."""

import hashlib
import json
from pathlib import Path

import pytest
import torch

from ml.artifacts import ArtifactError, card_path, load_artifact, save_artifact

TENSORS = {"weight": torch.arange(6, dtype=torch.float64).reshape(2, 3), "scale": torch.tensor(0.5)}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_artifact(path, TENSORS, metadata={"shape": "2×3"}, card={"name": "A model", "version": "1"})
    return path


def test_round_trip(model: Path) -> None:
    loaded = load_artifact(model)

    assert set(loaded.tensors) == set(TENSORS)
    assert all(torch.equal(loaded.tensors[name], TENSORS[name]) for name in TENSORS)
    assert loaded.metadata == {"shape": "2×3"}
    assert loaded.card["name"] == "A model"
    assert loaded.card["weights"] == {
        "file": "model.safetensors",
        "bytes": model.stat().st_size,
        "sha256": loaded.sha256,
    }


def test_a_changed_byte_is_refused(model: Path) -> None:
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)

    with pytest.raises(ArtifactError, match="not those of the model card"):
        load_artifact(model)


def test_another_models_card_is_refused(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    save_artifact(other, {"weight": torch.zeros(1)}, metadata={}, card={})
    card_path(model).write_bytes(card_path(other).read_bytes())

    with pytest.raises(ArtifactError, match="not those of the model card"):
        load_artifact(model)


def test_a_card_without_checksum_is_refused(model: Path) -> None:
    card_path(model).write_text(json.dumps({"name": "A model"}))

    with pytest.raises(ArtifactError, match="not those of the model card"):
        load_artifact(model)


@pytest.mark.parametrize("content", ["not json", "[1, 2]"])
def test_a_damaged_card_is_refused(model: Path, content: str) -> None:
    card_path(model).write_text(content)

    with pytest.raises(ArtifactError, match="card"):
        load_artifact(model)


def test_missing_files_are_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"absent\.json"):
        load_artifact(tmp_path / "absent.safetensors")
    model.unlink()
    with pytest.raises(ArtifactError, match=r"model\.safetensors: the weights can't be read"):
        load_artifact(model)


def test_weights_are_never_a_pickle(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.safetensors"):
        save_artifact(tmp_path / "model.pt", TENSORS, metadata={}, card={})


def test_a_pickle_is_not_read_even_with_a_card_that_vouches_for_it(model: Path) -> None:
    torch.save(TENSORS, model)
    card = json.loads(card_path(model).read_text())
    card["weights"]["sha256"] = hashlib.sha256(model.read_bytes()).hexdigest()
    card_path(model).write_text(json.dumps(card))

    with pytest.raises(ArtifactError, match="not a readable safetensors file"):
        load_artifact(model)
