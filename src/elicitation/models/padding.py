"""Texts that stand in one sequence, as rows that are padded to the longest, and back again."""

import torch
from torch.nn.utils.rnn import pad_sequence


def pad_texts(states: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
    """Texts that stand in one sequence (tokens, ...), as rows (texts, longest, ...)."""
    return pad_sequence(states.split(text_lengths), batch_first=True)


def join_texts(rows: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
    """What pad_texts has padded, as one sequence again."""
    return torch.cat([row[:length] for row, length in zip(rows, text_lengths, strict=True)])


class PadTexts(torch.autograd.Function):
    """pad_texts with a gradient that is copied once; torch's own copies the rows of all texts for each of them."""

    @staticmethod
    def forward(ctx, states: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
        ctx.text_lengths = text_lengths
        return pad_texts(states, text_lengths)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return join_texts(gradient, ctx.text_lengths), None


class JoinTexts(torch.autograd.Function):
    """join_texts, whose gradient is copied once too."""

    @staticmethod
    def forward(ctx, rows: torch.Tensor, text_lengths: list[int]) -> torch.Tensor:
        ctx.text_lengths = text_lengths
        return join_texts(rows, text_lengths)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return pad_texts(gradient, ctx.text_lengths), None
