"""Turn an int8 ONNX export of a T5 (an encoder graph and a decoder graph without cache) into plain torch weights.

Dynamic quantisation stores every matrix W as integers Q with a scale s and a zero point z, W = s (Q - z). The names
of the weights are lost for matrix products, but the path of the node that uses one spells the module it belongs to.
Nothing of the graph is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

_SUFFIX = "_quantized"
_PRODUCT = "/MatMul_quant"
# Prefixes of the export, and the names that transformers gives the same modules.
_PREFIXES = (("enc.", "encoder."), ("m.", ""))
_SAME = {"encoder.embed_tokens.weight": "shared.weight", "decoder.shared.weight": "shared.weight"}


def read_t5(encoder: Path, decoder: Path) -> dict[str, Array]:
    """Return the weights of both graphs under the names of `T5ForConditionalGeneration`.

    Args:
        encoder: ONNX file of the encoder.
        decoder: ONNX file of the decoder with its output head.

    Returns:
        Matrices as (out, in), embeddings as (tokens, dim), layer norms as (dim,).
    """
    weights: dict[str, Array] = {}
    for path in (decoder, encoder):  # the encoder's embedding outweighs the decoder's copy of it
        weights.update(_graph_weights(path))
    return weights


def _graph_weights(path: Path) -> Iterator[tuple[str, Array]]:
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        for name in node.input:
            if node.op_type in ("MatMulInteger", "Gather") and name.endswith(_SUFFIX) and name in stored:
                yield _named(node, name), _matrix(node, stored, name.removesuffix(_SUFFIX))
    for name, values in stored.items():
        if name.endswith("layer_norm.weight"):
            yield _torch_name(name), np.array(values, dtype=np.float32)


def _matrix(node: Any, stored: dict[str, npt.NDArray[Any]], name: str) -> Array:
    quantised = stored[name + _SUFFIX].astype(np.float32)
    zero, scale = stored[name + "_zero_point"].astype(np.float32), stored[name + "_scale"].astype(np.float32)
    values = (quantised - zero) * scale
    return np.ascontiguousarray(values.T if node.op_type == "MatMulInteger" else values)


def _named(node: Any, name: str) -> str:
    if node.op_type == "Gather":
        return _torch_name(name.removesuffix(_SUFFIX))
    return _torch_name(node.name.removesuffix(_PRODUCT).lstrip("/").replace("/", ".") + ".weight")


def _torch_name(name: str) -> str:
    for exported, ours in _PREFIXES:
        if name.startswith(exported):
            name = ours + name.removeprefix(exported)
            break
    return _SAME.get(name, name)
