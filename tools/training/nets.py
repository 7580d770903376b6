"""The networks, small enough for a lane's box (torch; export folds the normalisation away)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from devices.anpr.alphabet import ALPHABET, COLUMNS
from devices.anpr.look import FEATURES, FindKind


def block(inputs: int, outputs: int, stride: int | tuple[int, int] = 1, size: int = 3) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Squeeze(nn.Module):
    """Squeeze-and-excitation: lets the whole crop decide what kind of plate it is."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, channels // 4, 1)
        self.up = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scales each channel by what the mean of all says."""
        mean = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.up(functional.relu(self.down(mean))))


class Recogniser(nn.Module):
    """(B, 1, 64, 160) grey in -1..1 -> (B, 3 * 40, classes) logits: single row, upper row, lower row."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            block(1, 20, 2), block(20, 24), block(24, 48, 2), block(48, 48),
            block(48, 80, (2, 1)), block(80, 80), Squeeze(80),
            block(80, 112, (2, 1)), block(112, 112), Squeeze(112),
        )  # fmt: skip
        self.along = nn.Sequential(
            nn.Conv2d(112, 112, (1, 9), padding=(0, 4), groups=112, bias=False),
            nn.BatchNorm2d(112),
            nn.ReLU(inplace=True),
            block(112, 112, size=1),
        )
        classes = len(ALPHABET) + 1
        self.one_row = nn.Conv2d(112, 96, (4, 3), padding=(0, 1))
        self.two_rows = nn.Conv2d(112, 96, (3, 3), padding=(0, 1))
        self.drop = nn.Dropout(0.1)
        self.say_single = nn.Conv2d(96, classes, 1)
        self.say_double = nn.Conv2d(96, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, rows laid end to end."""
        x = self.body(x)
        x = x + self.along(x)
        single = self.say_single(self.drop(functional.relu(self.one_row(x))))
        double = self.say_double(self.drop(functional.relu(self.two_rows(x))))
        return torch.cat([single, double], 2).flatten(2).permute(0, 2, 1)


assert COLUMNS * 4 == 160  # the body halves the width twice


class Looker(nn.Module):
    """(B, 48, 9, 12) of the detector's features -> (B, kinds) logits: what a find is (`devices.anpr.look`)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(block(FEATURES, 32), block(32, 32, 2))
        self.whole = nn.Conv2d(32, 64, (5, 6))
        self.drop = nn.Dropout(0.3)
        self.say = nn.Conv2d(64, len(FindKind), 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.say(self.drop(functional.relu(self.whole(self.body(x))))).flatten(1)


class Detector(nn.Module):
    """(B, 3, H, W) in -1..1 -> heat logits (B, 1, H/8, W/8) and corners (B, 8, H/8, W/8), offsets in units of 64 px."""

    def __init__(self) -> None:
        super().__init__()
        self.eighth = nn.Sequential(block(3, 12, 2), block(12, 24, 2), block(24, 48, 2), block(48, 48))
        self.sixteenth = nn.Sequential(block(48, 64, 2), block(64, 64), block(64, 64))
        self.thirty_second = nn.Sequential(block(64, 96, 2), block(96, 96), block(96, 96))
        self.sixty_fourth = nn.Sequential(block(96, 96, 2), block(96, 96), block(96, 96))
        self.narrow_64 = nn.Conv2d(96, 96, 1)
        self.narrow_32 = nn.Conv2d(96, 64, 1)
        self.merge_16 = block(64, 64)
        self.narrow_16 = nn.Conv2d(64, 48, 1)
        self.merge_8 = block(48, 48)
        self.heat = nn.Conv2d(48, 1, 1)
        self.corners = nn.Sequential(block(48, 48), nn.Conv2d(48, 8, 1))
        self.heat.bias.data.fill_(-4.0)  # plates are rare: start from there
        nn.init.zeros_(self.narrow_64.weight)  # a net that was trained without this level goes on as it was
        nn.init.zeros_(self.narrow_64.bias)

    def features(self, x: Tensor) -> Tensor:
        """Fine detail from stride 8; what it belongs to from stride 32, for plates wider than 300 px from stride 64."""
        eighth = self.eighth(x)
        sixteenth = self.sixteenth(eighth)
        coarse = self.thirty_second(sixteenth)
        widest = self.narrow_64(self.sixty_fourth(coarse))
        coarse = coarse + functional.interpolate(widest, scale_factor=2.0, mode="nearest")
        far = functional.interpolate(self.narrow_32(coarse), scale_factor=2.0, mode="nearest")
        sixteenth = self.merge_16(sixteenth + far)
        near = functional.interpolate(self.narrow_16(sixteenth), scale_factor=2.0, mode="nearest")
        merged: Tensor = self.merge_8(eighth + near)
        return merged

    def say(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The two outputs; in training always in full precision, or corners far from the cell would be a pixel off."""
        return self.heat(features), self.corners(features)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Heat and corners."""
        return self.say(self.features(x))
