"""What a rerank server answers that is no ranking: refusals in its words, and malformed scores."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from support.rerank_bench import BASE, Bench, status

from churon.tools.errors import ModelMissing

DEEP = "[" * 100_000
LONG = b'[{"index": 0, "score": %s}]'
TOO_MANY = "batch size 33 > maximum allowed batch size 32"
MISSING = {"type": "missing", "loc": ["body", "documents"], "msg": "Field required", "input": {}}
NO_MODEL = {"type": "missing", "loc": ["body", "model"], "msg": "Field required", "input": {}}


@pytest.mark.parametrize(
    ("shape", "code", "body", "said", "remedy"),
    [
        ("tei", 413, {"error": TOO_MANY, "error_type": "Validation"}, TOO_MANY, "rerank.batch"),
        ("tei", 422, {"error": TOO_MANY, "error_type": "Validation"}, TOO_MANY, "rerank.batch"),
        ("tei", 413, "length limit exceeded", "limit", "rerank.batch"),
        ("tei", 424, {"error": "model is not a re-ranker model"}, "re-ranker", "server logs"),
        ("tei", 404, {"detail": "Not Found"}, "Not Found", "rerank.base_url"),
        ("tei", 422, {"detail": [MISSING]}, "body.documents: Field required", "= 'cohere'"),
        ("tei", 400, {"error": {"message": str([MISSING])}}, "'loc'", "= 'cohere'"),
        ("cohere", 422, "missing field `texts` at line 1", "`texts`", "rerank.shape = 'tei'"),
        ("cohere", 400, {"error": {"message": "context length is 512"}}, "512", "chunk_chars"),
        ("cohere", 500, {"error": {"message": "too large to process"}}, "large", "chunk_chars"),
        ("cohere", 501, {"error": {"message": "Start with --rerank"}}, "--rerank", "server logs"),
        ("cohere", 400, {"message": "Invalid model: gone."}, "gone. Set", "rerank.model"),
        ("cohere", 422, {"detail": [NO_MODEL, "x"]}, "body.model: Field required, x", ".model"),
        ("cohere", 400, {"message": None, "error": None}, "status 400. ", "server logs"),
        pytest.param("cohere", 400, DEEP, "status 400: [[", "server logs", id="deep"),
        ("cohere", 400, "<!DOCTYPE html><html>No</html>", "status 400. ", "server logs"),
    ],
)
def test_refusals_carry_the_servers_words_and_a_remedy(
    shape: str, code: int, body: Any, said: str, remedy: str
) -> None:
    text = httpx.Response(code, text=body) if isinstance(body, str) else status(code, json=body)
    message = Bench(shape, first=[text]).failure()
    assert said in message and remedy in message and len(message) < 400


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "The model `gone` does not exist.", "type": "NotFoundError"}},
        {"message": "model 'gone' not found, make sure the correct model ID was used"},
    ],
)
def test_a_model_that_the_server_has_not_is_missing(body: Any) -> None:
    bench = Bench("cohere", first=[status(404, json=body)], model="gone")
    with pytest.raises(ModelMissing, match=r"no model 'gone'.*Set rerank\.model"):
        bench.score()


RESULT = {"index": 0, "score": 1.0}


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (b"", "is empty"),
        (b"<html>Sign in</html>", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        pytest.param(DEEP.encode(), "is no JSON", id="deep"),
        ([], "leaves out 2 of 2 passages, the first is 0"),
        ([RESULT], "leaves out 1 of 2 passages, the first is 1"),
        ([RESULT, RESULT], "passage 0 twice"),
        ([RESULT, {"index": 2, "score": 1.0}], "passage 2, of 2"),
        ([RESULT, {"index": -1, "score": 1.0}], "passage -1"),
        ([RESULT, {"index": True, "score": 1.0}], "without an index"),
        ([RESULT, {"index": "1", "score": 1.0}], "without an index"),
        ([RESULT, {"score": 1.0}], "without an index"),
        ([RESULT, 0.5], "without an index"),
        ([RESULT, {"index": 1, "score": None}], "no finite 'score' for passage 1"),
        ([RESULT, {"index": 1, "score": "0.5"}], "no finite 'score'"),
        ([RESULT, {"index": 1, "score": True}], "no finite 'score'"),
        ([RESULT, {"index": 1, "relevance_score": 0.5}], "no finite 'score'"),
        (b'[{"index": 0, "score": NaN}]', "no finite 'score'"),
        (b'[{"index": 0, "score": 1e999}]', "no finite 'score'"),
        pytest.param(LONG % (b"9" * 400), "no finite 'score'", id="no float"),
        pytest.param(LONG % (b"9" * 5_000), "is no JSON", id="no int"),
        ({"error": "x"}, "no list of results"),
        ("text", "no list of results"),
        (b"null", "no list of results"),
    ],
)
def test_an_answer_that_is_not_one_score_a_passage_is_refused(answer: Any, wrong: str) -> None:
    raw = isinstance(answer, bytes)
    reply = httpx.Response(200, content=answer) if raw else httpx.Response(200, json=answer)
    bench = Bench("tei", first=[reply])
    said = bench.failure()
    assert wrong in said and f"{BASE}/rerank" in said and len(said) < 400
    assert bench.asked == 1


def test_an_answer_of_the_other_shape_names_the_setting() -> None:
    tei = httpx.Response(200, json=[RESULT])
    assert "Set rerank.shape = 'tei'." in Bench("cohere", first=[tei]).failure()
    cohere = httpx.Response(200, json={"results": [{"index": 0, "relevance_score": 1.0}]})
    assert "Set rerank.shape = 'cohere'." in Bench("tei", first=[cohere]).failure()
    for nulls in ({"results": None}, {"data": []}):
        wrong = Bench("cohere", first=[httpx.Response(200, json=nulls)]).failure()
        assert "no list 'results'" in wrong and "rerank.base_url and rerank.shape" in wrong
