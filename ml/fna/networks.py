"""The autoencoder-GAN's four networks, for many ensemble members at once.

Every parameter has a leading *member* axis, so that a layer of the whole ensemble is one batched matrix
product (`torch.baddbmm`). Tensors are `(members, rows, width)` throughout.

The design follows the autoencoder-GAN classifier: an encoder squeezes the features into a latent, a decoder
rebuilds them, a generator makes fake latents, and the discriminator tells benign, malignant and fake apart
(the semi-supervised GAN of Salimans et al., 2016, in latent space).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

INITIAL_SCALE = 0.5  # against He's: with so few cases, starting smoother generalised better
CLASSES = ("benign", "malignant", "fake")
FAKE = 2


@dataclass(frozen=True)
class NetworkShape:
    """Widths of the networks; without `autoencoder` (an ablation) the features themselves are the latent."""

    inputs: int
    latent: int = 16
    hidden: int = 64
    noise: int = 8
    autoencoder: bool = True


class MemberLinear(nn.Module):
    """One linear layer per ensemble member: `(members, rows, inputs)` to `(members, rows, outputs)`."""

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(members, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(members, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Apply each member's layer to its own rows."""
        return torch.baddbmm(self.bias, x, self.weight)

    def forward_frozen(self, x: Tensor) -> Tensor:
        """Apply the layer while passing gradients to `x` only, never to the parameters."""
        return torch.baddbmm(self.bias.detach(), x, self.weight.detach())


class SkipNetwork(nn.Module):
    """inputs → hidden (SiLU) → outputs, plus a linear skip from inputs to outputs."""

    def __init__(self, members: int, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first = MemberLinear(members, inputs, hidden)
        self.second = MemberLinear(members, hidden, outputs)
        self.skip = MemberLinear(members, inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(members, rows, inputs)` to `(members, rows, outputs)`."""
        out: Tensor = self.second(functional.silu(self.first(x))) + self.skip(x)
        return out


class Generator(nn.Module):
    """Standard normal noise → fake latents."""

    def __init__(self, members: int, noise: int, hidden: int, latent: int) -> None:
        super().__init__()
        self.first = MemberLinear(members, noise, hidden)
        self.second = MemberLinear(members, hidden, hidden)
        self.third = MemberLinear(members, hidden, latent)

    def forward(self, noise: Tensor) -> Tensor:
        """Map `(members, rows, noise)` to `(members, rows, latent)`."""
        out: Tensor = self.third(functional.silu(self.second(functional.silu(self.first(noise)))))
        return out


class Judgement(NamedTuple):
    """What the discriminator says of latents."""

    logits: Tensor  # (members, rows, 3): benign, malignant, fake
    features: Tensor  # (members, rows, hidden): the last hidden layer, for feature matching


class Discriminator(nn.Module):
    """Latent → benign, malignant or fake, with a linear skip."""

    def __init__(self, members: int, latent: int, hidden: int) -> None:
        super().__init__()
        self.first = MemberLinear(members, latent, hidden)
        self.second = MemberLinear(members, hidden, hidden)
        self.third = MemberLinear(members, hidden, len(CLASSES))
        self.skip = MemberLinear(members, latent, len(CLASSES))

    def forward(self, latent: Tensor, mask: Tensor | None = None) -> Judgement:
        """Judge latents `(members, rows, latent)`; `mask` is dropout's factor on the first hidden layer."""
        hidden = functional.silu(self.first(latent))
        if mask is not None:
            hidden = hidden * mask
        features = functional.silu(self.second(hidden))
        return Judgement(self.third(features) + self.skip(latent), features)

    def forward_frozen(self, latent: Tensor) -> Judgement:
        """Judge latents for the generator's step: gradients reach the latents, not this network."""
        hidden = functional.silu(self.first.forward_frozen(latent))
        features = functional.silu(self.second.forward_frozen(hidden))
        logits = self.third.forward_frozen(features) + self.skip.forward_frozen(latent)
        return Judgement(logits, features)


class Reading(NamedTuple):
    """What the ensemble says of clean rows."""

    latent: Tensor  # (members, rows, latent)
    reconstruction: Tensor  # (members, rows, inputs)
    logits: Tensor  # (members, rows, 3)


class AutoencoderGAN(nn.Module):
    """Encoder, decoder, generator and discriminator of `members` independent ensemble members."""

    def __init__(self, members: int, shape: NetworkShape) -> None:
        super().__init__()
        self.members = members
        self.shape = shape
        latent = shape.latent if shape.autoencoder else shape.inputs
        self.encoder: nn.Module = nn.Identity()
        self.decoder: nn.Module = nn.Identity()
        if shape.autoencoder:
            self.encoder = SkipNetwork(members, shape.inputs, shape.hidden, latent)
            self.decoder = SkipNetwork(members, latent, shape.hidden, shape.inputs)
        self.generator = Generator(members, shape.noise, shape.hidden, latent)
        self.discriminator = Discriminator(members, latent, shape.hidden)

    def forward(self, x: Tensor) -> Reading:
        """Read rows `(members, rows, inputs)` without noise or dropout."""
        latent = self.encoder(x)
        return Reading(latent, self.decoder(latent), self.discriminator(latent).logits)

    def log_odds(self, x: Tensor) -> Tensor:
        """Log-odds of malignant against benign, `(members, rows)`."""
        logits: Tensor = self.discriminator(self.encoder(x)).logits
        return logits[..., 1] - logits[..., 0]

    @torch.no_grad()
    def initialise(self, generators: list[torch.Generator]) -> None:
        """Draw starting weights; each generator serves an equal share of the members, in order.

        All are normal with mean 0; first layers have half of He's standard deviation, others less.
        """
        share = self.members // len(generators)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
                continue
            fan_in = parameter.shape[1]
            gain = INITIAL_SCALE * (2.0**0.5 if ".first." in name else 1.0)
            for index, generator in enumerate(generators):
                block = parameter[index * share : (index + 1) * share]
                block.copy_(torch.randn(block.shape, generator=generator) * (gain / fan_in**0.5))

    def select(self, members: slice) -> AutoencoderGAN:
        """A copy that holds only the given members, for reading alone: its parameters take no gradients."""
        parameters = {name: value[members] for name, value in self.state_dict().items()}
        chosen = AutoencoderGAN(next(iter(parameters.values())).shape[0], self.shape)
        chosen.load_state_dict(parameters)
        chosen.requires_grad_(False)
        return chosen
