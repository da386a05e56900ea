"""Decoder reranker of the bge-reranker-v2-gemma kind: the logit of "Yes" after a fixed prompt."""

from __future__ import annotations

from typing import Any

from churon.tools.errors import RerankError
from churon.tools.rerank import forest, prefixed
from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.cross_encoder import CrossEncoder
from churon.tools.rerank.prompted import Prompted, PromptEncoder
from churon.tools.rerank.torch_model import (
    import_torch,
    lays_end_to_end,
    load_pretrained,
    pick_device,
    pick_precisions,
)


class DecoderScorer(CrossEncoder[Prompted]):
    """Scores are logits of "Yes" at the last position, equal to FlagEmbedding's FlagLLMReranker.

    What the pairs of a query begin with is computed once. Llama-like models run unpadded.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str = "auto",
        dtype: str = "auto",
        batch_tokens: int | None = None,
        max_length: int = 512,
        offline: bool = False,
        certified: bool = False,
        cache: ScoreCache | None = None,
    ) -> None:
        """Load from a folder or the hub. Blocking. Raises ModelMissing, RerankError.

        `certified`: all in half precision, what `top_n` hangs on in float32 (see certified.py).
        """
        device = pick_device(device)
        tokenizer = load_pretrained("AutoTokenizer", model, offline=offline)
        self._encode = PromptEncoder(tokenizer, max_length)
        self._pad_id: int = tokenizer.pad_token_id or 0
        yes = _yes_token(self._encode, model, tokenizer.unk_token_id)
        exact, coarse = pick_precisions(dtype, device, "bfloat16", certified=certified)
        network = load_pretrained("AutoModelForCausalLM", model, offline=offline, dtype=exact)
        keep_row(network, yes)
        self.prompt = self._encode.on_top
        longest = max_length + self.prompt
        self.padded = not lays_end_to_end(device) or not forest.grows(network.config, longest)
        prepare = None if self.padded else forest.prepare
        super().__init__(
            model, network, device, batch_tokens, max_length,
            coarse=coarse, cache=cache, prepare=prepare,
        )  # fmt: skip

    def _rows(self, query: str, passages: list[str]) -> list[Prompted]:
        return self._encode(query, passages)

    def _forward(self, network: Any, rows: list[Prompted]) -> Any:
        return network.lm_head(forest.last_hidden(network.model, rows))[:, 0].float()

    def _whole(self, network: Any, rows: list[Prompted]) -> Any:
        return prefixed.logits(network, rows, self.device, self._pad_id)


def _yes_token(encode: PromptEncoder, model: str, unknown: int | None) -> int:
    (ids,) = encode.ids(["Yes"])
    if len(ids) != 1 or ids[0] == unknown:
        raise RerankError(
            f"The tokenizer of {model!r} has no single token for 'Yes' (ids {ids}).",
            remedy="Name a decoder that was trained for reranking with this prompt.",
        )
    return ids[0]


def keep_row(network: Any, token: int) -> None:
    """The network's output layer becomes its row for `token`: one logit instead of a vocabulary."""
    torch, _ = import_torch()
    whole = network.get_output_embeddings()
    bias = getattr(whole, "bias", None)
    weight = whole.weight.detach()[token : token + 1].clone()
    row = torch.nn.Linear(weight.shape[1], 1, bias=bias is not None, dtype=weight.dtype)
    row.weight = torch.nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        row.bias = torch.nn.Parameter(bias.detach()[token : token + 1].clone(), requires_grad=False)
    network.set_output_embeddings(row)
