"""Ways of taking a training step, which `gpu.py` compares: the reference's, this project's as it was, and as it is."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch.nn.utils.rnn import pad_sequence
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry
from transformers import AttentionInterface

from elicitation.models.batches import PACKED, forward, is_packed, lengths_of, micro_batches, packed_attention
from elicitation.models.hardware import MICRO_BATCH_TOKENS
from elicitation.study.estimate import BACKWARD, FORWARD
from elicitation.training.loop import MAX_GRADIENT_NORM, soft_cross_entropy, train_step

# The attention by which transformers itself reads texts.
OF_TRANSFORMERS = "sdpa"


def padded_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, *, families, **_):
    """Attention to packed texts, which do not begin alike, as it was: gradients of padding copy all texts for each."""
    text_lengths = families[0].lengths
    padded = [
        pad_sequence(states[0].transpose(0, 1).split(text_lengths), batch_first=True).transpose(1, 2)
        for states in (query, key, value)
    ]
    options = {"scale": scaling, "enable_gqa": True, "is_causal": True}
    rows = torch.nn.functional.scaled_dot_product_attention(*padded, **options).transpose(1, 2)
    return torch.cat([row[:length] for row, length in zip(rows, text_lengths, strict=True)])[None], None


class OneKernel(torch.autograd.Function):
    """Reads and writes what an attention kernel does, and computes nothing."""

    @staticmethod
    def forward(ctx, query, key, value):
        ctx.save_for_backward(query, key, value)
        return torch.zeros_like(query)

    @staticmethod
    def backward(ctx, gradient):
        return tuple(map(torch.zeros_like, ctx.saved_tensors))


def attention_stand_in(module, query, key, value, attention_mask, **_):
    """The calls and bytes of the GPU's attention kernel, where there is no GPU."""
    return OneKernel.apply(*(states.transpose(1, 2) for states in (query, key, value))), None


def step_before(model, optimizer, texts, p, weights, micro_batch_tokens: int) -> float:
    """train_step as it was: the process waits for the device in each micro-batch."""
    optimizer.zero_grad()
    total, shares = 0.0, weights / weights.sum()
    for part in micro_batches(lengths_of(texts), micro_batch_tokens, is_packed(model)):
        targets, own_shares = p[part].to(model.device), shares[part].to(model.device)
        loss = (own_shares * soft_cross_entropy(forward(model, [texts[i] for i in part]), targets)).sum()
        loss.backward()
        total += loss.item()
    torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], MAX_GRADIENT_NORM)
    optimizer.step()
    return total


@dataclass(frozen=True)
class Way:
    """A way of taking a training step."""

    name: str
    attention: Callable | None = packed_attention
    """To packed texts; None: texts are not packed."""
    step: Callable = train_step
    before: bool = False
    """Whether peft converts what enters an adapter, and the optimizer is not fused, as it was."""
    checkpointing: bool = False
    compiled: bool = False
    """Whether torch.compile fuses what a layer does between its matrix products and its attention."""
    micro_batch_tokens: int = MICRO_BATCH_TOKENS

    @property
    def operations(self) -> float:
        """For each parameter and token."""
        return FORWARD * (2 if self.checkpointing else 1) + BACKWARD


REFERENCE = Way("a text at a time", None, step_before, before=True, micro_batch_tokens=1)
BEFORE = Way("before", padded_attention, step_before, before=True)
NOW = Way("now")
COMPILED = Way("now, compiled", compiled=True)
WAYS = {
    "bfloat16": (REFERENCE, BEFORE, NOW, COMPILED, Way("now, checkpointing", checkpointing=True)),
    "nf4": (BEFORE, NOW),
}
STAND_IN = Way("now, the GPU's attention", attention_stand_in)


def use(model, way: Way) -> None:
    """Have the model train in this way."""
    for layer in model.modules():
        if isinstance(layer, BaseTunerLayer):
            layer.cast_input_dtype_enabled = way.before
    base = model.get_base_model()
    torch.compiler.set_stance("default" if way.compiled else "force_eager")
    if way.attention:
        # It reads lists of lengths, for each of which torch would compile it anew.
        AttentionInterface.register(PACKED, torch.compiler.disable(way.attention) if way.compiled else way.attention)
    base.set_attn_implementation(PACKED if way.attention else OF_TRANSFORMERS)
    if way.checkpointing:
        base.gradient_checkpointing_enable({"use_reentrant": False})
    else:
        base.gradient_checkpointing_disable()


def let_compile(model) -> None:
    """Have the layers be compiled as they are first used in a way that is compiled, for texts of any length."""
    for layer in model.get_base_model().base_model.layers:
        layer.compile(dynamic=True)


class Count(TorchDispatchMode):
    """Calls of operators that compute or copy, the bytes that they read and write, and the operations of products."""

    # Only look at memory in another way, though torch does not call them views.
    FREE = ("aten._unsafe_view.default", "aten.detach.default", "aten.lift_fresh.default")
    # Those with weights. Attention's are left out, since no formula is known for all of its kernels.
    PRODUCTS = (torch.ops.aten.mm, torch.ops.aten.addmm)

    def __init__(self) -> None:
        super().__init__()
        self.calls = self.bytes = self.operations = 0

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        result = operator(*args, **(kwargs or {}))
        if not operator.is_view and str(operator) not in self.FREE:
            tensors = [x for x in tree_leaves((args, kwargs, result)) if isinstance(x, torch.Tensor)]
            self.calls += 1
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        if operator.overloadpacket in self.PRODUCTS:
            self.operations += flop_registry[operator.overloadpacket](*args, **(kwargs or {}), out_val=result)
        return result
