"""A trained generator: what is kept of a training run, in one safetensors file with its model card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ml.artifacts import ArtifactError, load_artifact, save_artifact
from ml.gan.architectures import SamplingNetwork, architecture
from ml.gan.drawing import draw_blocks
from ml.gan.pictures import LabelledPictures

GENERATOR = "generator.safetensors"
LARGEST_SEED = 2**32 - 1


class TrainedGenerator:
    """Draws labelled pictures.

    Attributes:
        architecture: its name.
        classes: the names of what it draws.
        size: the pictures' side.
        card: what it was trained on and how, for people and machines.
        sha256: of the weights' file.
    """

    def __init__(
        self,
        name: str,
        classes: tuple[str, ...],
        size: int,
        network: SamplingNetwork,
        *,
        card: Mapping[str, Any],
        sha256: str,
    ) -> None:
        self.architecture = name
        self.classes = classes
        self.size = size
        self.card = dict(card)
        self.sha256 = sha256
        self._network = network.eval().requires_grad_(False)

    @property
    def derived_from_patients(self) -> bool:
        """Whether every picture is a patient's, modified, and so never anonymous."""
        return architecture(self.architecture).needs_sources

    @property
    def network(self) -> SamplingNetwork:
        """The network, in evaluation mode."""
        return self._network

    def to(self, device: torch.device) -> TrainedGenerator:
        """Draw on another device from now on."""
        self._network.to(device)
        return self

    @classmethod
    def load(cls, path: Path) -> TrainedGenerator:
        """Read a saved generator.

        Raises:
            ArtifactError: when the file or its card is missing, damaged, or holds something else.
        """
        artifact = load_artifact(path)
        try:
            told = json.loads(artifact.metadata["generator"])
            name, classes, size = told["architecture"], tuple(told["classes"]), int(told["size"])
            network = architecture(name, private=told["private"]).sampler(classes, size)
            network.load_state_dict(artifact.tensors)
        except (KeyError, ValueError, RuntimeError) as error:
            raise ArtifactError(f"{path}: not a saved generator of pictures ({error})") from error
        return cls(name, classes, size, network, card=artifact.card, sha256=artifact.sha256)

    def save(self, path: Path, card: Mapping[str, Any]) -> str:
        """Write the weights and the card beside them; returns the weights' SHA-256."""
        private = card.get("privacy") is not None
        told = {"architecture": self.architecture, "classes": self.classes, "size": self.size, "private": private}
        tensors = {name: value.detach().cpu().contiguous() for name, value in self._network.state_dict().items()}
        self.sha256 = save_artifact(path, tensors, metadata={"generator": json.dumps(told)}, card=card)
        self.card = dict(card)
        return self.sha256

    def sample(
        self, counts: Mapping[str, int], seed: int, *, sources: LabelledPictures | None = None
    ) -> LabelledPictures:
        """As many pictures of each class as `counts` says, class by class.

        Args:
            counts: by class name.
            seed: 0 to `LARGEST_SEED`; the same seed and counts give the same pictures.
            sources: real pictures to translate, for an architecture that needs them.

        Raises:
            ValueError: for an unknown class, a count below 0, nothing at all, a seed out of range, or missing sources.
        """
        pixels, labels = zip(*self.sample_batches(counts, seed, sources=sources), strict=True)
        return LabelledPictures(torch.cat(pixels), torch.cat(labels), self.classes)

    def sample_batches(
        self, counts: Mapping[str, int], seed: int, batch: int = 64, sources: LabelledPictures | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """The pictures of `sample`, `(pixels, labels)` of `batch` at a time: memory doesn't grow with the counts."""
        labels = self._labels(counts, seed, sources)
        device = next(self._network.parameters()).device
        blocks = draw_blocks(self._network, labels, seed, device, sources)
        return _regroup(blocks, labels, batch)

    def _labels(self, counts: Mapping[str, int], seed: int, sources: LabelledPictures | None) -> Tensor:
        unknown = sorted(set(counts) - set(self.classes))
        if unknown:
            raise ValueError(f"this generator draws {', '.join(self.classes)}; it knows no class {unknown[0]!r}")
        if any(count < 0 for count in counts.values()) or not sum(counts.values()):
            raise ValueError(f"counts must be 0 or more, and one above 0; got {dict(counts)}")
        if not 0 <= seed <= LARGEST_SEED:
            raise ValueError(f"a seed lies between 0 and {LARGEST_SEED}; got {seed}")
        if self.derived_from_patients and (sources is None or not len(sources)):
            raise ValueError(f"{self.architecture} translates real pictures: give it some as sources")
        return torch.cat(
            [torch.full((counts.get(name, 0),), code, dtype=torch.int64) for code, name in enumerate(self.classes)]
        )


def _regroup(blocks: Iterator[Tensor], labels: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of another size than the blocks'."""
    held = torch.empty(0, dtype=torch.uint8)
    done = 0
    for block in blocks:
        held = torch.cat([held, block]) if len(held) else block
        while len(held) >= batch:
            yield held[:batch], labels[done : done + batch]
            held, done = held[batch:], done + batch
    if len(held):
        yield held, labels[done:]
