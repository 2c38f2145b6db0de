"""Training: folds that learn together learn what each would alone, and the players keep to their parts."""

from dataclasses import replace

import numpy as np
import torch

from ml.fna import AutoencoderGANClassifier
from ml.fna.augmentation import dropout_mask, mixing_weights, mixup
from ml.fna.fitting import Design, Table, fit_ensembles
from ml.fna.networks import AutoencoderGAN, NetworkShape
from ml.fna.reference import reference_cases


def design(**parameters: object) -> Design:
    chosen = {"members": 2, "inner_folds": 2, "steps": 5, **parameters}
    return AutoencoderGANClassifier(**chosen).design()  # type: ignore[arg-type]


def tables() -> list[Table]:
    cases = reference_cases()
    return [Table(cases.X[i::3], cases.y[i::3], seed=i) for i in range(3)]


def test_companions_do_not_change_what_a_table_teaches() -> None:
    together = fit_ensembles(tables(), design())
    alone = fit_ensembles(tables()[1:2], design())[0]

    X = reference_cases().X
    np.testing.assert_allclose(together[1].read(X).log_odds, alone.read(X).log_odds, rtol=1e-3, atol=1e-4)
    assert not np.allclose(together[0].read(X).log_odds, alone.read(X).log_odds, atol=1e-2)


def test_every_part_of_the_network_learns() -> None:
    table = tables()[:1]

    before, after = (
        fit_ensembles(table, design(steps=steps, averaging=0.0))[0].network.state_dict() for steps in (1, 6)
    )

    for name, parameter in before.items():
        assert not torch.equal(parameter, after[name]), name


def test_without_the_gan_the_generator_stays_as_it_was() -> None:
    whole = design(steps=6, averaging=0.0, weight_decay=0.0)
    settings = replace(whole.training, adversarial_weight=0.0, feature_matching_weight=0.0)

    one, six = (
        fit_ensembles(tables()[:1], replace(whole, training=replace(settings, steps=steps)))[0].network
        for steps in (1, 6)
    )

    assert torch.equal(one.generator.first.weight, six.generator.first.weight)
    assert not torch.equal(one.discriminator.first.weight, six.discriminator.first.weight)


def test_without_the_autoencoder_the_features_are_the_latent() -> None:
    network = AutoencoderGAN(2, NetworkShape(inputs=7, autoencoder=False))
    rows = torch.randn(2, 3, 7)

    reading = network(rows)

    assert torch.equal(reading.latent, rows)
    assert torch.equal(reading.reconstruction, rows)


def test_frozen_passes_give_the_same_answer_and_spare_the_discriminator() -> None:
    network = AutoencoderGAN(2, NetworkShape(inputs=7))
    network.initialise([torch.Generator().manual_seed(0)])
    latent = torch.randn(2, 5, 16, requires_grad=True)

    frozen = network.discriminator.forward_frozen(latent)
    frozen.logits.sum().backward()

    assert torch.allclose(frozen.logits, network.discriminator(latent).logits)
    assert latent.grad is not None
    assert latent.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in network.discriminator.parameters())


def test_members_do_not_mix() -> None:
    network = AutoencoderGAN(3, NetworkShape(inputs=7))
    network.initialise([torch.Generator().manual_seed(0)])
    rows = torch.randn(3, 4, 7)

    alone = network.select(slice(1, 2))

    assert torch.allclose(network(rows).logits[1:2], alone(rows[1:2]).logits)


def test_each_member_leaves_out_its_own_inner_fold() -> None:
    cases = reference_cases()
    one = design(members=4, inner_folds=4, steps=1)

    ensemble = fit_ensembles([Table(cases.X, cases.y, 0)], one)[0]

    assert ensemble.calibration.temperature != 1.0
    assert 0 < ensemble.conformal.malignant_threshold < 1


def test_mixup_by_hand() -> None:
    rows = torch.tensor([[[1.0], [3.0], [5.0]]])
    weights = mixing_weights(torch.tensor([[[0.25], [1.0], [0.5]]]))

    mixed = mixup(rows, weights)

    assert weights.flatten().tolist() == [0.75, 1.0, 0.5]
    assert mixed.flatten().tolist() == [0.75 * 1 + 0.25 * 5, 3.0, 0.5 * 5 + 0.5 * 3]


def test_dropout_keeps_the_mean() -> None:
    mask = dropout_mask((2, 1000, 10), 0.25, [torch.Generator().manual_seed(0)])

    assert mask is not None
    assert set(mask.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert abs(mask.mean().item() - 1.0) < 0.02
    assert dropout_mask((2, 3, 4), 0.0, [torch.Generator()]) is None
