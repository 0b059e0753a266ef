"""A provider takes a model only where it is as good as the CPU; otherwise the CPU does, with a
sentence. All sessions are real: the provider that is there is the CPU's under another name, or one
of another build of ONNX Runtime, if that is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from engine.accelerated_session import AcceleratedSession, Placement, in_words
from engine.onnx_providers import CPU, Provider
from engine.record.events import back_end
from engine.syncllm.bundle import Bundle, load_bundle
from engine.syncllm.duplex import Duplex
from engine.syncllm.probes import sound_probe, unit_probe
from engine.syncllm.unit_encoder import Tokenizer
from engine.syncllm.unit_reader import UnitReader
from engine.syncllm.vocoder import Vocoder
from tests.engine.tiny_bundle import UNIT_COUNT, write_tiny_bundle, write_tiny_state_vocoder

TWIN = Provider("Twin", CPU.key)
"""Real sessions of a provider that is always there."""
CUDA = Provider("CUDA", "CUDAExecutionProvider")
AZURE = Provider("Azure", "AzureExecutionProvider")
"""In the usual builds; it opens every model and computes nothing."""
OPENVINO = Provider("OpenVINO", "OpenVINOExecutionProvider")
"""A provider that rounds otherwise than the CPU's, in a build of its own."""

has_azure = pytest.mark.skipif(
    AZURE.key not in onnxruntime.get_available_providers(), reason="not in this build"
)
NUMBERS = ("numbers", "tensor(float)")
SOUND = ("sound", "tensor(float)")
UNITS = ("units", "tensor(int64)")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("tiny"), reader=True, state=True)


def model(path: Path, nodes: list[onnx.NodeProto], output: tuple[str, int]) -> Path:
    ends = (("numbers", TensorProto.FLOAT), output)
    given, found = (helper.make_tensor_value_info(name, kind, [1, "n"]) for name, kind in ends)
    graph = helper.make_graph(nodes, "model", [given], [found])
    opset = helper.make_opsetid("", 18)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), path)
    return path


def thrown(path: Path, output: tuple[str, str]) -> AcceleratedSession:
    """A session of dice, which have been thrown once, so that another session throws otherwise."""
    session = AcceleratedSession(path, [NUMBERS], [output])
    session.run(None, {"numbers": np.ones((1, 12_345), np.float32)})
    return session


def random_sound(path: Path) -> Path:
    noise = helper.make_node("RandomUniformLike", ["numbers"], ["sound"], low=-1.0, high=1.0)
    return model(path, [noise], ("sound", TensorProto.FLOAT))


def random_units(path: Path) -> Path:
    nodes = [
        helper.make_node("RandomUniformLike", ["numbers"], ["drawn"], low=0.0, high=9.0),
        helper.make_node("Cast", ["drawn"], ["units"], to=TensorProto.INT64),
    ]
    return model(path, nodes, ("units", TensorProto.INT64))


def test_a_provider_with_the_cpus_outputs_takes_all_models(bundle: Bundle) -> None:
    tokenizer = Tokenizer(bundle.tokenizer, UNIT_COUNT, TWIN)
    vocoder = Vocoder(bundle.vocoder, TWIN, UNIT_COUNT)
    assert bundle.reader
    reader = UnitReader(bundle.reader, bundle.pieces, TWIN, UNIT_COUNT)
    assert [m.placement for m in (tokenizer, vocoder, reader)] == [Placement("Twin")] * 3
    sound, units = sound_probe(), unit_probe(UNIT_COUNT)
    assert np.array_equal(tokenizer.units(sound), Tokenizer(bundle.tokenizer).units(sound))
    assert np.array_equal(vocoder.sound(units), Vocoder(bundle.vocoder).sound(units))


def test_a_whole_conversation_is_the_same_on_such_a_provider(bundle: Bundle) -> None:
    chunks = sound_probe()[: 12 * 2560].reshape(12, 2560)
    heard = []
    for provider in (CPU, TWIN):
        duplex = Duplex(bundle, seed=3, provider=provider)
        try:
            steps = [duplex.step(chunk) for chunk in chunks]
            record = back_end(duplex)
        finally:
            duplex.close()
        heard.append([(step.user_units, step.own_units, step.own_text) for step in steps])
        assert record.onnx == (
            "CPU" if provider is CPU else "tokenizer Twin, vocoder Twin, reader Twin"
        )
        assert ("onnx" in record.model_dump()) == (provider is not CPU)
    assert heard[0] == heard[1]


@pytest.mark.parametrize(
    ("provider", "why"),
    [
        (Provider("CUDA", "NoSuchExecutionProvider"), "This build of ONNX Runtime has no CUDA."),
        pytest.param(AZURE, "Azure computes nothing of the model.", marks=has_azure),
    ],
)
def test_a_provider_that_fails_leaves_the_model_to_the_cpu(
    bundle: Bundle, provider: Provider, why: str
) -> None:
    tokenizer = Tokenizer(bundle.tokenizer, UNIT_COUNT, provider)
    assert tokenizer.placement.provider == "CPU"
    assert tokenizer.placement.remark.startswith(why)
    assert tokenizer.placement.remark.endswith("The CPU computes tokenizer.onnx.")
    sound = sound_probe()
    assert np.array_equal(tokenizer.units(sound), Tokenizer(bundle.tokenizer).units(sound))


@pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers(), reason="no CUDA build"
)
def test_cuda_takes_the_model_or_says_why_not(
    bundle: Bundle, capfd: pytest.CaptureFixture[str]
) -> None:
    placement = Tokenizer(bundle.tokenizer, UNIT_COUNT, CUDA).placement
    assert placement == Placement("CUDA") or placement.remark.startswith("CUDA cannot be started")
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(
    "OpenVINOExecutionProvider" not in onnxruntime.get_available_providers(), reason="no OpenVINO"
)
def test_the_starter_is_the_same_on_a_provider_that_rounds_otherwise() -> None:
    starter = load_bundle(None)
    manifest = starter.manifest
    assert Tokenizer(starter.tokenizer, provider=OPENVINO).placement == Placement("OpenVINO")
    vocoder = Vocoder(starter.vocoder, OPENVINO, manifest.own_unit_count)
    assert vocoder.placement == Placement("OpenVINO")


def test_other_sound_than_the_cpus_is_refused(tmp_path: Path) -> None:
    session = thrown(random_sound(tmp_path / "noise.onnx"), SOUND)
    session.accelerate(TWIN, np.ones(2 * 1280, np.float32))
    assert session.placement.provider == "CPU"
    said = session.placement.remark
    assert said.startswith("The GPU's sound is not the CPU's (they differ by ")


def test_other_units_than_the_cpus_are_refused(tmp_path: Path) -> None:
    session = thrown(random_units(tmp_path / "dice.onnx"), UNITS)
    session.accelerate(TWIN, np.ones(999, np.float32))
    assert session.placement.provider == "CPU"
    said = session.placement.remark
    assert said.startswith("Only ") and "% of the GPU's outputs are the CPU's." in said


def test_a_model_that_cannot_take_the_probe_stays_on_the_cpu(tmp_path: Path) -> None:
    """The first chunk then tells what is wrong with the model, as without a GPU."""
    vocoder = Vocoder(write_tiny_state_vocoder(tmp_path / "vocoder.onnx", 0, 0.5, 30), TWIN, 5000)
    assert vocoder.placement.provider == "CPU"
    assert vocoder.sound([29]).shape == (640,)


def test_a_failure_in_a_conversation_ends_on_the_cpu(bundle: Bundle) -> None:
    session = AcceleratedSession(bundle.vocoder, [UNITS], [("audio", "tensor(float)")], True)
    session.accelerate(TWIN, unit_probe(UNIT_COUNT))
    assert session.placement == Placement("Twin")
    state = np.zeros([1, session.get_inputs()[1].shape[1]], np.float32)
    good = {"units": np.array([[3, 4]]), "state": state}
    before = session.run(["audio", "next_state"], good)
    with pytest.raises(Exception, match="INVALID_ARGUMENT"):
        session.run(["audio"], {"units": np.array([[10_000]]), "state": state[:, :1]})
    assert session.placement.provider == "CPU"
    assert session.placement.remark.startswith("Twin failed in the middle of a conversation.")
    after = session.run(["audio", "next_state"], good)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_what_computes_is_told_in_one_line() -> None:
    cpu, cuda = Placement("CPU", "why"), Placement("CUDA")
    assert in_words({"tokenizer": cpu, "vocoder": cpu}) == "CPU"
    assert in_words({"tokenizer": cuda, "vocoder": cpu}) == "tokenizer CUDA, vocoder CPU"
