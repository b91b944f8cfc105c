"""What operators of torch do with a difference in what they take: names without "aten::"."""

from __future__ import annotations

# fmt: off
PICKING = frozenset({
    "slice", "select", "index", "index_select", "gather", "narrow", "split", "split_with_sizes",
    "unbind", "chunk", "take", "take_along_dim", "unsafe_chunk", "unsafe_split", "masked_select",
})
"""Give some of the entries that they take, as they are."""
OVERWRITING = frozenset({
    "copy", "index_put", "masked_scatter", "masked_fill", "scatter", "where", "slice_scatter",
    "select_scatter", "fill", "zero", "index_copy", "index_fill", "embedding_renorm",
    "_index_put_impl", "slice_copy",
})
"""Put other values in the place of some entries."""
PRODUCTS = frozenset({
    "mul", "mm", "bmm", "addmm", "baddbmm", "linear", "convolution", "dot", "mv", "addcmul",
    "outer", "lerp",
})
"""Multiply what they take."""
SATURATING = frozenset({
    "clamp", "clamp_min", "clamp_max", "hardtanh", "tanh", "sigmoid", "hardsigmoid", "round",
    "sign", "floor", "ceil", "trunc", "argmax", "topk", "sort", "max", "softmax", "_softmax",
    "log_softmax", "_log_softmax", "bucketize", "gt", "ge", "lt", "le", "eq", "ne", "heaviside",
    "relu", "gelu", "silu", "leaky_relu", "elu", "threshold", "mish", "softplus",
})
"""Give the same for a range of what they take."""
CHOOSING = frozenset({
    "argmax", "argmin", "topk", "sort", "argsort", "max", "min", "median", "softmax", "_softmax",
    "log_softmax", "_log_softmax", "bucketize", "gt", "ge", "lt", "le", "eq", "ne",
})
"""Of several, one that is largest or near enough; the same as long as another one outweighs it."""
SOFTMAX = frozenset({"softmax", "_softmax", "log_softmax", "_log_softmax"})
HANDS_OUT = frozenset({"detach", "_to_copy", "contiguous", "clone"})
"""What is called on a tensor before it goes to numpy."""
LOOK_UPS = frozenset({"embedding", "_embedding_bag", "_embedding_bag_forward_only"})
"""Rows of a table, by their ids."""
ELEMENTWISE = frozenset({
    "add", "sub", "rsub", "mul", "div", "neg", "cat", "stack", "copy", "slice", "select", "view",
    "_unsafe_view", "reshape", "expand", "permute", "transpose", "unsqueeze", "squeeze", "t",
    "clone", "alias", "detach", "_to_copy", "clamp", "split", "unbind", "index", "where", "tanh",
    "slice_scatter", "select_scatter", "fill", "lift_fresh", "abs", "round", "contiguous",
    "index_put",
})
"""Give numbers on, one by one: none of them mixes one dimension with another."""
ROUNDING = frozenset({
    "add", "sub", "rsub", "_to_copy", "div", "mean", "sum", "native_layer_norm", "pow", "rsqrt",
    "var_mean", "cumsum", "native_group_norm", "_fused_rms_norm", "norm", "linalg_vector_norm",
})
"""Add to what they take or scale it, and lose only what is too small beside the rest."""
UNINITIALISED = frozenset({
    "aten::empty", "aten::empty_like", "aten::empty_strided", "aten::empty_permuted",
    "aten::new_empty", "aten::new_empty_strided",
})
"""Give memory as it is; by their whole names."""
FILLING = frozenset({"aten::copy_", "aten::fill_", "aten::zero_"})
"""Write over all that they are given to write to; by their whole names."""
# fmt: on
