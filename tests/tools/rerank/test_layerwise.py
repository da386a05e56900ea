"""The layerwise scorer against FlagEmbedding's, on tiny random MiniCPMs of the released layout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from support.rerankers import KOREAN, QUERY, TEXTS, documents, save_decoder

from churon.tools.errors import ModelMissing, RerankError, SettingsError

# By its place: a package that is there and cannot be imported is a failure, not a reason to skip
if not all(find_spec(name) for name in ("torch", "FlagEmbedding")):
    pytest.skip("needs the extra `rerank`", allow_module_level=True)

from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.layerwise import LayerwiseScorer
from churon.tools.rerank.layerwise_load import load_layerwise

pytestmark = [
    # FlagEmbedding's own use of deprecated arguments is not ours to mend
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

# As in the config.json of bge-reranker-v2-minicpm-layerwise, but for the sizes
CONFIG: dict[str, Any] = {
    "architectures": ["LayerWiseMiniCPMForCausalLM"],
    "attention_bias": False,
    "auto_map": {
        "AutoConfig": "configuration_minicpm_reranker.LayerWiseMiniCPMConfig",
        "AutoModel": "modeling_minicpm_reranker.LayerWiseMiniCPMModel",
        "AutoModelForCausalLM": "modeling_minicpm_reranker.LayerWiseMiniCPMForCausalLM",
    },
    "bos_token_id": 2,
    "dim_model_base": 256,
    "eos_token_id": 1,
    "head_multi": True,
    "head_type": "simple",
    "hidden_act": "silu",
    "hidden_size": 32,
    "initializer_range": 0.3,
    "intermediate_size": 64,
    "max_position_embeddings": 2048,
    "model_type": "minicpm",
    "num_attention_heads": 4,
    "num_hidden_layers": 6,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-05,
    "rope_scaling": None,
    "scale_depth": 1.4,
    "scale_emb": 12,
    "start_layer": 2,
    "use_cache": False,
}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # models this small only lose time to threads


@pytest.fixture(scope="module")
def patched() -> Iterator[Any]:
    """FlagEmbedding's model class, as it is but for what transformers 5 trips over."""
    from FlagEmbedding.inference.reranker.decoder_only import layerwise

    with pytest.MonkeyPatch.context() as patch:
        # A list, where transformers 5 wants a mapping; no head is tied to the embeddings anyway
        patch.setattr(layerwise.LayerWiseMiniCPMForCausalLM, "_tied_weights_keys", None)
        yield layerwise.LayerWiseMiniCPMForCausalLM


def save(network_class: Any, folder: Path, **changes: Any) -> tuple[str, Any]:
    """The folder of a random model, and the model itself."""
    import torch
    from safetensors.torch import save_file

    save_decoder(folder)  # for its tokenizer
    config = {**CONFIG, **changes}
    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    config["vocab_size"] = len(tokenizer["model"]["vocab"])
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    wanted = network_class.config_class(**config)
    wanted.rope_scaling = None  # transformers 5 puts a dict there, which the class refuses
    torch.manual_seed(4)
    network = network_class(wanted).eval()
    weights = {name: weight.contiguous() for name, weight in network.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return str(folder), network


@pytest.fixture(scope="module")
def model(patched: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    return save(patched, tmp_path_factory.mktemp("layerwise"))


def reference(model: tuple[str, Any], **options: Any) -> Any:
    """FlagEmbedding's reranker. Its weights come as they are: loaded by transformers 5, the class
    has random rotary tables, because these are in no checkpoint."""
    from FlagEmbedding import LayerWiseFlagLLMReranker

    folder, network = model
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(network), "from_pretrained", lambda *args, **kwargs: network)
        return LayerWiseFlagLLMReranker(folder, devices=["cpu"], batch_size=3, **options)


def scorer(folder: str, layer: int, **options: Any) -> LayerwiseScorer:
    return LayerwiseScorer(folder, layer=layer, **{"device": "cpu", "dtype": "float32", **options})


@pytest.mark.parametrize("max_length", [32, 512])
@pytest.mark.parametrize("query", [QUERY, QUERY * 20, KOREAN], ids=["short", "long", "korean"])
def test_scores_equal_flagembeddings_at_each_layer(
    model: tuple[str, Any], max_length: int, query: str
) -> None:
    layers = [2, 3, 6]
    theirs = reference(model, cutoff_layers=layers, max_length=max_length)
    expected = theirs.compute_score([(query, text) for text in TEXTS])
    for layer, scores in zip(layers, expected, strict=True):
        ours = scorer(model[0], layer, batch_tokens=100, max_length=max_length)
        assert ours.score(query, documents(TEXTS)) == pytest.approx(scores, abs=1e-4)
        assert max(scores) - min(scores) > 0.01  # the layers do tell these passages apart
        ours.close()


def test_one_head_for_all_layers(patched: Any, tmp_path: Path) -> None:
    one = save(patched, tmp_path, head_multi=False)
    theirs = reference(one, cutoff_layers=[4])
    ours = scorer(one[0], 4)
    expected = theirs.compute_score([(QUERY, text) for text in TEXTS])
    assert ours.score(QUERY, documents(TEXTS)) == pytest.approx(expected, abs=1e-4)


def test_half_precision_is_near_and_certified_rankings_are_exact(model: tuple[str, Any]) -> None:
    def scores(top_n: int | None = None, **options: Any) -> list[float]:
        return scorer(model[0], 3, **options).score(QUERY, documents(TEXTS), top_n)

    exact = scores()
    # The constants in the weights are rounded with them: about as much as is lost without them
    assert scores(dtype="bfloat16") == pytest.approx(exact, abs=0.1)
    certified = scores(3, dtype="bfloat16", certified=True)
    assert sorted(certified)[-3:] == pytest.approx(sorted(exact)[-3:], abs=1e-5)


def test_scores_of_one_layer_are_not_remembered_as_anothers(model: tuple[str, Any]) -> None:
    cache = ScoreCache(1_000)
    shared, own = [
        [scorer(model[0], layer, cache=held).score(QUERY, documents(TEXTS)) for layer in (2, 6)]
        for held in (cache, None)
    ]
    assert shared == own


def test_layers_above_and_their_heads_are_not_kept(model: tuple[str, Any]) -> None:
    import torch

    sizes = {}
    for layer in (2, 6):
        network = load_layerwise(model[0], layer, offline=True, dtype=torch.float32)
        sizes[layer] = sum(parameter.numel() for parameter in network.parameters())
    each = sum(parameter.numel() for parameter in model[1].model.layers[0].parameters())
    assert sizes[6] - sizes[2] == 4 * each


def test_what_cannot_be_scored_is_refused_with_a_remedy(
    model: tuple[str, Any], patched: Any, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"rerank\.layer=28.*one of 2 to 6"):
        LayerwiseScorer(model[0], device="cpu")
    with pytest.raises(SettingsError, match=r"rerank\.layer=1"):
        scorer(model[0], 1)
    with pytest.raises(RerankError, match="no layerwise ranking heads"):
        scorer(save_decoder(tmp_path / "gemma"), 2)
    lacking, _ = save(patched, tmp_path / "lacking", head_multi=False)
    config = Path(lacking) / "config.json"
    found = json.loads(config.read_text("utf-8"))
    config.write_text(json.dumps({**found, "head_multi": True}), "utf-8")
    with pytest.raises(RerankError, match=r"lacks weights for 'score\.weight'"):
        scorer(lacking, 2)
    with pytest.raises(ModelMissing, match=r"hf download no/such-model"):
        LayerwiseScorer("no/such-model", device="cpu", offline=True)
