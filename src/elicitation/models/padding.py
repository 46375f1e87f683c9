"""Texts that stand in one sequence, as rows that are padded to the longest, and back again.

The gradient of each is the other, so it is copied once; torch's own copies the rows of all texts for each of them.
"""

from collections.abc import Callable

import torch
from torch.nn.utils.rnn import pad_sequence

Move = Callable[[torch.Tensor, list[int]], torch.Tensor]


def to_rows(states: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
    return pad_sequence(states.split(text_lengths), batch_first=True)


def to_sequence(rows: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
    return torch.cat([row[:length] for row, length in zip(rows, text_lengths, strict=True)])


class Moved(torch.autograd.Function):
    """States that one function moves, and whose gradient another moves back."""

    @staticmethod
    def forward(ctx, states: torch.Tensor, text_lengths: list[int], move: Move, back: Move) -> torch.Tensor:
        ctx.text_lengths, ctx.back = text_lengths, back
        return move(states, text_lengths)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        return ctx.back(gradient, ctx.text_lengths), None, None, None


def pad_texts(states: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
    """Texts that stand in one sequence (tokens, ...), as rows (texts, longest, ...)."""
    return Moved.apply(states, text_lengths, to_rows, to_sequence)


def join_texts(rows: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
    """What pad_texts has padded, as one sequence again."""
    return Moved.apply(rows, text_lengths, to_sequence, to_rows)
