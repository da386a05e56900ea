"""Chunks: exact spans within their limits, cut where a reader would cut, overlapping a little."""

from __future__ import annotations

import string
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churon.tools.ingest.extracted import Extracted, Heading, TextBuilder, normalise
from churon.tools.ingest.lengths import MAX_TOKENS, token_bound
from churon.tools.ingest.readers.plain import read_markdown
from churon.tools.ingest.split import split
from churon.tools.settings import IngestSettings

SMALL = IngestSettings(chunk_chars=120, chunk_chars_cjk=60)
fragments = st.sampled_from(
    [
        "안녕하세요. ",
        "한글 문장입니다.\r\n",
        "e\u0301",
        "각",
        "👩‍👩‍👧",
        "🙂",
        "A sentence. ",
        "\r\n\r\n",
        "\n# 제목\n",
        "```\n",
        "x" * 70,
        "가" * 70,
    ]
)
texts = st.lists(fragments | st.text(max_size=20), max_size=40).map("".join)


@given(texts, st.integers(0, 3))
@settings(deadline=None)
def test_a_chunk_is_exactly_its_span(raw: str, cuts: int) -> None:
    text = normalise(raw)
    pages = tuple(len(text) * n // (cuts + 1) for n in range(cuts + 1)) if cuts else ()
    chunks = split(Extracted(text, pages=pages), SMALL)
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip()
        assert len(chunk.text) <= SMALL.chunk_chars
        assert token_bound(chunk.text) <= MAX_TOKENS
        if pages:
            assert pages[chunk.page - 1] <= chunk.start < chunk.end
            assert chunk.page == len(pages) or chunk.end <= pages[chunk.page]
    covered = {at for chunk in chunks for at in range(chunk.start, chunk.end)}
    assert all(at in covered for at, char in enumerate(text) if char.isalnum())
    assert unicodedata.is_normalized("NFC", text)


@given(st.text(alphabet="가나다라마 .\n", min_size=1, max_size=600))
@settings(deadline=None)
def test_korean_chunks_keep_the_shorter_limit(text: str) -> None:
    assert all(len(chunk.text) <= 60 for chunk in split(Extracted(text), SMALL))


@pytest.mark.parametrize(
    "letters", [string.ascii_letters + string.digits, "\u0400Ж", "a!?{}[]", "漢"]
)
def test_the_token_bound_holds_where_letters_are_dense(letters: str) -> None:
    text = (letters * 4_000)[:8_000]
    chunks = split(Extracted(text), IngestSettings(chunk_chars=8_000, chunk_chars_cjk=8_000))
    assert len(chunks) > 1
    assert all(token_bound(chunk.text) <= MAX_TOKENS for chunk in chunks)


def test_sections_fences_and_headings(tmp_path) -> None:  # type: ignore[no-untyped-def]
    code = "```python\n# no heading\nvalue = 1\n\nother = 2\n```"
    prose = "One sentence about ferries. " * 4
    path = tmp_path / "a.md"
    path.write_text(f"# Ferry\n\n## Fares {{ #fares }}\n\n{prose}\n\n{code}\n\n## Boats\n\n{prose}")
    document = read_markdown(path, SMALL)
    assert [h.text for h in document.headings] == ["Ferry", "Fares", "Boats"]
    chunks = split(document, SMALL)
    assert any(code in chunk.text for chunk in chunks), "a fence that fits is not cut"
    assert chunks[0].text.startswith("# Ferry\n\n## Fares")
    assert {chunk.section for chunk in chunks} == {"Ferry > Fares", "Ferry > Boats"}


@pytest.mark.parametrize("filled", [74, 116])
def test_a_fence_that_fits_is_one_passage_wherever_it_begins(filled: int) -> None:
    lines = "first = 1\n\nsecond = 2\n\nthird = 3\n\nfourth = 4\n\nfifth = 5\n"
    code = f"```python\n{lines}{'#' * (filled - len(lines) - 14)}\n```"
    prose = "One sentence about ferries is here. " * 2
    for before in range(0, 60, 7):
        text = f"{'a' * before} {prose}\n\n{code}\n\n{prose}"
        texts = [chunk.text for chunk in split(Extracted(text), SMALL)]
        assert any(code in one for one in texts)
        assert max(map(len, texts)) <= SMALL.chunk_chars  # no overlap before a full passage


def test_signs_alone_are_no_passage() -> None:
    assert split(Extracted("* * *\n\n---\n\n…"), SMALL) == []


def test_neighbours_share_as_many_whole_sentences_as_fit() -> None:
    text = "".join(f"Number {n:02} is it. " for n in range(40))  # 17 characters each
    chunks = split(Extracted(text), IngestSettings(chunk_chars=200, overlap=0.3))
    for before, after in pairwise(chunks):
        assert 40 <= before.end - after.start <= 60 and after.text.startswith("Number")


def test_neighbours_overlap_at_a_sentence_or_word() -> None:
    text = "".join(f"Sentence number {n} is here. " for n in range(40))
    chunks = split(Extracted(text), IngestSettings(chunk_chars=200, overlap=0.3))
    for before, after in pairwise(chunks):
        assert before.start < after.start < before.end < after.end
        assert after.text.startswith("Sentence number")


def test_table_rows_are_not_repeated() -> None:
    text = "".join(f"name: {n}\nport: Sorido\n\n" for n in range(40))
    chunks = split(Extracted(text, table=True), SMALL)
    assert all(after.start >= before.end for before, after in pairwise(chunks))
    assert all(chunk.text.startswith("name:") for chunk in chunks)


def test_builder_knows_offsets_of_headings_and_pages() -> None:
    builder = TextBuilder(1_000)
    for number in (1, 2):
        builder.page()
        builder.heading(f"제목 {number}", 1)
        builder.add("본문\r\n둘째 줄")
    document = builder.build()
    assert document.pages == (0, document.text.index("제목 2"))
    assert document.headings[1] == Heading(document.pages[1], 1, "제목 2")
