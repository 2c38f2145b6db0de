"""Evidence lies where it should, on the picture's own proportions, in colours that anyone can tell apart."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ml.imaging.ensemble import read
from ml.imaging.evidence import FAINT, peak, render_overlay, spread_over
from ml.imaging.networks import AutoencoderGAN, Encoded, NetworkShape
from ml.imaging.preprocessing import Box, content_box
from ml.imaging.views import CLOSE_SHARE, GRID, close_ups, complete, on_the_picture


def test_a_cell_comes_back_at_its_place_with_its_sign() -> None:
    cells = np.zeros((12, 12), dtype=np.float32)
    cells[2, 9] = 1.0
    evidence = spread_over(cells, Box(0, 300, 0, 600), (300, 600), 1.0)
    assert evidence.shape == (128, 256)
    down, across = peak(evidence)
    assert (down, across) == pytest.approx((2.5 / 12, 9.5 / 12), abs=0.03)
    assert evidence.min() == 0.0
    assert spread_over(-cells, Box(0, 300, 0, 600), (300, 600), 1.0).min() < 0.0


def test_nothing_is_shown_outside_what_was_read() -> None:
    picture = np.zeros((200, 300), dtype=np.uint8)
    picture[40:160, 60:240] = 120
    box = content_box(picture)
    assert (box.top, box.bottom, box.left, box.right) == (40, 160, 60, 240)
    evidence = spread_over(np.ones((12, 12), dtype=np.float32), box, picture.shape, 1.0)
    assert evidence[:30].max() == 0.0
    assert evidence[:, :40].max() == 0.0
    assert evidence[85, 128] == pytest.approx(1.0)


def test_the_overlay_is_red_for_blue_against_and_clear_between() -> None:
    evidence = np.array([[1.0, -1.0, 0.0, FAINT / 2]], dtype=np.float32)
    overlay = render_overlay(evidence)
    assert overlay.shape == (1, 4, 4)
    assert overlay.dtype == np.uint8
    red, blue = overlay[0, 0], overlay[0, 1]
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert red[3] == blue[3] > 150
    assert overlay[0, 2, 3] == overlay[0, 3, 3] == 0


def test_evidence_on_the_picture_keeps_its_sum() -> None:
    cells = torch.rand(2, 12, 12, generator=torch.Generator().manual_seed(0))
    centres = torch.tensor([[0.5, 0.5], [0.4, 0.6]])
    for look in ("whole", "close"):
        placed = on_the_picture(cells, look, centres)  # type: ignore[arg-type]
        assert placed.shape == (2, GRID, GRID)
        assert torch.allclose(placed.mean((1, 2)), cells.sum((1, 2)), rtol=0.08)


def test_a_close_up_shows_its_surroundings_and_its_evidence_lies_there() -> None:
    detailed = torch.zeros(1, 1, 240, 240, dtype=torch.uint8)
    detailed[0, 0, 60:84, 150:174] = 200  # centred at 30 % down, 67.5 % across
    centre = torch.tensor([[0.3, 0.675]])
    cut = close_ups(detailed, centre, 120)[0, 0].float()
    rows, columns = torch.nonzero(cut > 100, as_tuple=True)
    assert rows.float().mean().item() == pytest.approx(59.5, abs=1.5)
    assert columns.float().mean().item() == pytest.approx(59.5, abs=1.5)
    assert len(rows) == pytest.approx((24 / 2 / CLOSE_SHARE) ** 2, rel=0.15)
    cells = torch.zeros(1, 12, 12)
    cells[0, 5:7, 5:7] = 1.0
    placed = on_the_picture(cells, "close", centre)[0].numpy()
    assert peak(placed) == pytest.approx((0.3, 0.675), abs=0.03)


class Brightness(nn.Module):
    """An encoder whose first latent is the picture's brightness, cell by cell."""

    def forward(self, pictures: torch.Tensor) -> Encoded:
        bright = functional.avg_pool2d(pictures, 8)
        others = torch.zeros(len(bright), 95, *bright.shape[2:])
        return Encoded(torch.cat([bright, others], dim=1), torch.zeros(len(bright), 16, 2, 2))


def test_changing_what_speaks_for_malignant_lowers_the_answer() -> None:
    """For a network that calls brightness malignant the map points at the bright spot, and dimming it changes most."""
    network = AutoencoderGAN(NetworkShape(size=32)).eval()
    for parameter in network.discriminator.parameters():
        parameter.data.zero_()
    network.encoder = Brightness()  # type: ignore[assignment]
    network.discriminator.hidden.weight.data[0, 0] = 1.0
    network.discriminator.classes.weight.data[1, 0] = 1.0
    canvas = torch.randint(80, 120, (1, 1, 40, 40), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    canvas[0, 0, 10:20, 20:30] = 255
    here, elsewhere = canvas.clone(), canvas.clone()
    here[0, 0, 10:20, 20:30] = 160
    elsewhere[0, 0, 30:40, 0:10] = 160

    before, dimmed, other = (
        read([network], ("whole",), complete(changed, changed, None)) for changed in (canvas, here, elsewhere)
    )

    row, column = np.unravel_index(int(before.evidence[0, 0].argmax()), (GRID, GRID))
    assert (row / GRID, column / GRID) == pytest.approx((0.375, 0.625), abs=0.13)
    assert before.evidence.max() > 0
    assert dimmed.log_odds[0, 0] < before.log_odds[0, 0]
    assert abs(dimmed.log_odds[0, 0] - before.log_odds[0, 0]) > abs(other.log_odds[0, 0] - before.log_odds[0, 0])
