"""Shape-typed arrays that appear in more than one signature.

Axis names: `frame`/`batch` examples, `row` action rows, `layer`, `head`,
`query`/`key` positions of the sequence, `token` ids of an instruction, `dim`
hidden width. Shapes are checked by beartype in the tests and free in production.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

Logits = Float[torch.Tensor, "batch action"]
"""Unnormalised scores of a discrete action head, one column per action."""

Embeddings = Float[torch.Tensor, "batch position dim"]
"""A sequence of input embeddings or hidden states."""

RowStates = Float[torch.Tensor, "row position dim"]
"""Final states of a decoder: one row an example, or several where a knockout runs rows alone."""

Sequences = Float[torch.Tensor, "sequence position dim"]
"""As `Embeddings`, of one example: the first is its own, others those of a window of frames."""

ImageEmbeddings = Float[torch.Tensor, "batch image_token dim"]
"""Embeddings of a frame's image tokens."""

WordEmbeddings = Float[torch.Tensor, "batch token dim"]
"""Embeddings of an instruction's tokens."""

TokenIds = Int[torch.Tensor, "batch token"]
"""Instruction token ids, padded to one length."""

TokenMask = Bool[torch.Tensor, "batch token"]
"""True where a token is real, False where it is padding."""

PositionMask = Bool[torch.Tensor, "batch position"]
"""True where a position may be seen by others."""

ActionAttention = Float[np.ndarray, "layer head row key"]
"""Attention weights of the action rows of one example; sums to 1 over `key`."""

VisiblePositions = Bool[np.ndarray, " position"]
"""True where an action row may see a position (the space keeps type checkers content)."""

VisibleByLayer = Bool[np.ndarray, "layer position"]
"""As `VisiblePositions`, layer by layer."""
