"""The training objective: InfoNCE in which everything that fits counts as a positive.

A caption that says "striped mug" is true of every striped mug in the batch, whatever its colour, so
the usual objective with one positive a row would punish right answers. Here the targets are all
pictures that satisfy what the caption says (Khosla et al. 2020, supervised contrastive learning,
"outside" form; van den Oord et al. 2018 for InfoNCE).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from demo.wording import Caption


def caption_fits(captions: Sequence[Caption], attributes: Tensor) -> Tensor:
    """Mask of the items that each caption is true of.

    attributes: (n, 3) category, colour and pattern numbers; row i is what caption i was made from.
    Returns (n, n) bool: caption i against item j.
    """
    said = torch.tensor([[one.category, one.colour, one.pattern] for one in captions])
    same = attributes[:, None, :] == attributes[None, :, :]
    return (same | ~said[:, None, :]).all(dim=2)


def contrastive(logits: Tensor, fits: Tensor) -> Tensor:
    """Mean over rows of -log p of that row's positives. logits, fits: (rows, columns)."""
    log_p = logits - logits.logsumexp(dim=1, keepdim=True)
    return -(log_p * fits).sum(dim=1).div(fits.sum(dim=1)).mean()


def symmetric(logits: Tensor, fits: Tensor) -> Tensor:
    """`contrastive` of rows and of columns, averaged, as CLIP does."""
    return (contrastive(logits, fits) + contrastive(logits.T, fits.T)) / 2
