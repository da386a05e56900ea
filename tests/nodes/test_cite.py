"""Citations are built by code: sentences, keys, quotes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.reasoned import passage

from churon.nodes import cite
from churon.nodes.sentences import sentences
from churon.tools.types import Evidence

TEXT = st.text(
    alphabet=st.sampled_from(list('abcXYZ가나다 .!?。\n\t[]0123456789,😀—"”')), max_size=80
)


PASSAGES = [passage("a", "The ferry leaves at 07:30."), passage("b", "Dogs travel free.")]
KOREAN = [passage("k1", "배는 정오에 떠납니다."), passage("k2", "개는 무료입니다.")]


@given(TEXT)
def test_no_character_but_white_space_is_lost(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_copied_heading_is_no_part_of_a_sentence() -> None:
    found = cite.cite("[b] Dogs travel free [2]. [a] It leaves at 07:30 [1]. [c] stays.", PASSAGES)
    assert found.answer == "Dogs travel free. It leaves at 07:30. [c] stays."
    assert [one["evidence_ids"] for one in found.claims] == [["b"], ["a"], []]
    assert cite.cite("[a] [1]", PASSAGES).claims == []


def test_sentences_in_both_languages() -> None:
    text = "It costs 3.5 euros. Dr. Han signs. 배는 07:30에 떠납니다. 표는 3,500원입니다!"
    assert sentences(text) == [
        "It costs 3.5 euros.",
        "Dr. Han signs.",
        "배는 07:30에 떠납니다.",
        "표는 3,500원입니다!",
    ]


def test_keys_become_passage_ids_also_after_the_full_stop() -> None:
    cited = cite.cite("It leaves at 07:30 [1]. Dogs are free. [2] Both [1, 2].", PASSAGES)
    assert [claim["evidence_ids"] for claim in cited.claims] == [["a"], ["b"], ["a", "b"]]
    assert cited.answer == "It leaves at 07:30. Dogs are free. Both."
    assert cited.invented == 0


def test_commas_of_a_list_of_keys_are_left_out() -> None:
    said = "It leaves at 07:30, [1]. Dogs are free, cats too [1],, [2]. 배는 떠납니다 [1], [2]"
    cited = cite.cite(said, PASSAGES)
    assert [claim["text"] for claim in cited.claims] == [
        "It leaves at 07:30.",
        "Dogs are free, cats too.",
        "배는 떠납니다",
    ]


def test_invented_keys_are_dropped_and_counted() -> None:
    cited = cite.cite("It leaves at 07:30 [7] [1] [0].", PASSAGES)
    assert cited.claims[0]["evidence_ids"] == ["a"]
    assert cited.invented == 2


@given(TEXT)
def test_only_passages_that_were_shown_are_cited(text: str) -> None:
    cited = cite.cite(text, PASSAGES)
    held = {key for claim in cited.claims for key in claim["evidence_ids"]}
    assert held <= {"a", "b"}
    assert all(claim["support"] == "unchecked" for claim in cited.claims)


def test_a_sentence_without_a_key_gets_the_passage_it_resembles() -> None:
    claims = cite.cite("Dogs travel for free.", PASSAGES).claims
    assert cite.attribute(claims, PASSAGES)[0]["evidence_ids"] == ["b"]
    assert cite.attribute(claims, [])[0]["evidence_ids"] == []
    held = [cite.claim("Dogs travel free.", ["a"])]
    assert cite.attribute(held, PASSAGES) == held


@pytest.mark.parametrize(
    ("passages", "ids"),
    [
        (PASSAGES[:1], []),  # no passage that says something else is a source
        ([PASSAGES[0], *KOREAN], ["k1"]),
        (KOREAN[::-1], ["k2"]),
    ],
)
def test_a_sentence_that_shares_nothing_gets_the_first_passage_in_another_language(
    passages: list[Evidence], ids: list[str]
) -> None:
    [one] = cite.attribute([cite.claim("Nobody knows", [])], passages)
    assert one["evidence_ids"] == ids


@given(TEXT, TEXT)
def test_a_quote_is_cut_out_of_the_passage(statement: str, text: str) -> None:
    assert cite.quote(statement, text) in text


def test_the_quote_is_the_sentence_that_bears_the_statement() -> None:
    text = "파도호는 섬을 오간다. 파도호의 승객 정원은 198명이다. 선장은 한소라다."
    assert cite.quote("승객 정원은 198명입니다.", text) == "파도호의 승객 정원은 198명이다."


def test_of_equal_shares_the_shorter_sentence_is_quoted() -> None:
    short, long = "Dogs travel free.", "Dogs travel free, and so does every cat in a basket."
    for text in (f"{short}\n{long}", f"{long}\n{short}"):
        assert cite.quote("Dogs travel free.", text) == short


def test_a_line_that_shares_hardly_anything_is_no_quote() -> None:
    text = "The ferry is painted blue.\nThe harbour was dredged."
    assert cite.quote("Dogs are free of charge until October.", text) == text


def test_capitals_and_single_letters_are_compared_too() -> None:
    assert cite.overlap("DOGS", "dogs") == cite.overlap("dogs", "dogs") > 0.9
    assert cite.overlap("5", "It is 5.") > 0 == cite.overlap("5", "It is 6.")


def test_texts_are_alike_only_both_ways() -> None:
    whole = "Dogs travel free on the Lumen from May to September."
    assert cite.alike("Dogs travel free", whole) == cite.alike(whole, "Dogs travel free") < 0.5


def test_a_run_of_digits_is_read_in_linear_time() -> None:
    # nested repeats took 11 s for 28 digits, on the event loop
    broken = "[" + "1" * 50_000
    assert cite.cite(broken, PASSAGES).answer == broken


def test_a_year_in_brackets_is_no_key() -> None:
    cited = cite.cite("It was built then [2019] [1].", PASSAGES)
    assert cited.answer == "It was built then [2019]." and cited.invented == 0


CODE = [
    passage("c", "Use items[0] for the first, and sys.argv[2] for the file name. An index is 0."),
    passage(
        "r", "The range is [10, 20] by default, of digits [0-9]. A grid of [2, 2] cells is set."
    ),
]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Use items[0] to get the first element [1].", ["c"]),
        ("The name is in sys.argv[2] [1].", ["c"]),
        ("The name is in sys.argv[2].", []),
        ("Items[0] and sys.argv[2] are taken [1][2].", ["c", "r"]),
        ("The range is [10, 20] by default [2].", ["r"]),
        ("The range is [10, 20].", []),
        ("It takes digits [0-9].", []),
        ("A grid of [2, 2] cells [2].", ["r"]),
    ],
)
def test_a_passages_own_bracket_is_no_key(text: str, ids: list[str]) -> None:
    cited = cite.cite(text, CODE)
    plain = text.replace(" [1].", ".").replace(" [2].", ".").replace(" [1][2].", ".")
    assert (cited.answer, cited.claims[0]["evidence_ids"], cited.invented) == (plain, ids, 0)
    assert cite.bare(text, CODE) == plain


@pytest.mark.parametrize(
    "text",
    [
        "The mill was built by Anna Kim[3] in 1898 [1].",
        "The mill[3] was built by Kim (1870)[2][3] in 1898[4] for Lee [1].",
        "방앗간은 안나 킴[3]이 지었다 [1].",
    ],
)
def test_a_passages_footnotes_are_neither_shown_nor_cited(text: str) -> None:
    told = [passage("a", text.replace(" [1]", "")), *(passage(key, "Else.") for key in "bcd")]
    cited = cite.cite(text, told)
    assert cited.claims[0]["evidence_ids"] == ["a"] and not cited.invented
    assert "[" not in cited.answer and "[" not in cite.bare(text, told)


@pytest.mark.parametrize("text", ["See f(x)[1] there.", "See `rows[2]` and my_list[1][2] there."])
def test_an_index_is_shown(text: str) -> None:
    cited = cite.cite(text, [passage("a", text), passage("b", "Else.")])
    assert (cited.answer, cited.claims[0]["evidence_ids"]) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        "It leaves [1].",
        "It leaves[1].",
        "떠납니다.[1]",
        "떠납니다[1].",
        "It leaves at noon.[1] Dogs stay.",
    ],
)
def test_a_key_is_one_though_the_passage_numbers_its_sources_so(text: str) -> None:
    cited = cite.cite(text, [passage("a", f"So it is told: {text}")])
    assert cited.claims[0]["evidence_ids"] == ["a"] and "[" not in cited.answer


def test_where_no_keys_are_asked_for_only_a_sentences_ends_are_read_as_such() -> None:
    text = "[1] The step is a[3] or [5, 6] long [1], [2]. It stops [1]"
    assert cite.bare(text, PASSAGES) == "The step is a[3] or [5, 6] long. It stops"
    assert cite.bare("[1] [2].", PASSAGES) == cite.bare("", PASSAGES) == ""


@given(TEXT)
def test_hidden_brackets_are_seen_again(text: str) -> None:
    cited = cite.cite(text, [passage("a", text)])
    assert not any(sign in cited.answer + cite.bare(text, PASSAGES) for sign in "\ue000\ue001")


@given(st.lists(st.sampled_from(["A.", "It is a[1].", "B"]), max_size=4))
def test_a_text_is_again_what_it_was_before_its_keys(parts: list[str]) -> None:
    claims = [cite.claim(part, ["a", "b"]) for part in parts]
    assert cite.without_keys(cite.with_keys(claims)) == " ".join(parts)


def test_the_quote_from_another_language_is_the_whole_passage() -> None:
    text = "## Luggage\nDrones must not be flown while the spoonbills nest, from March to July."
    assert cite.quote("드론을 날릴 수 없는 때는 3월부터 7월입니다.", text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('A sign: "No dogs." [1] Cats sail free. [2]', [["a"], ["b"]]),
        ("표지는 “개는 안 됩니다.” [1] 고양이는 됩니다. [2]", [["a"], ["b"]]),
        ("[1] No dogs. [2] Cats sail free. [1] Birds too.", [["a"], ["b"], ["a"]]),
        ("[2] No dogs [1].", [["b", "a"]]),
        ("It leaves at noon. [1]", [["a"]]),
        ("Cats are free【2】. Dogs［1］.", [["b"], ["a"]]),
        ("Cats are free [1-2].", [["a", "b"]]),
    ],
)
def test_keys_belong_to_the_sentence_that_they_stand_at(
    text: str, expected: list[list[str]]
) -> None:
    found = cite.cite(text, PASSAGES)
    assert [one["evidence_ids"] for one in found.claims] == expected
    assert not any(sign in found.answer for sign in "[]【】［］") and found.invented == 0


@pytest.mark.parametrize(
    "text",
    [
        "The ferry leaves at 7 p.m. on weekdays.",
        "Capt. Sora Han has led the Lumen since 2019.",
        "파도호는 2016. 3. 5. 취항했습니다.",
        "파도호는 2016.3.5. 취항했습니다.",
        "Seo Co. Ltd. built the ship in 1998.",
        "It was built c. 1898 in Aren, see p. 12.",
        "Prof. Kim wrote it on Jan. 5, 1998.",
    ],
)
def test_a_full_stop_within_a_sentence_ends_none(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    "parts",
    [
        ["It was built in 1898.", "3 people died."],
        ["It opened on 2016. 3. 5.", "The town came."],
        ["It leaves at 7 p.m.", "The last one waits."],
        ["표는 9,800원입니다.", "아이는 반값입니다."],
        ["정원은 198.", "배는 두 척."],
    ],
)
def test_a_full_stop_at_the_end_of_a_sentence_ends_it(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("The mill [1] was built by Kim [1] in 1898 [1].", "The mill was built by Kim in 1898."),
        ("방앗간[1]은 1898년에 지어졌습니다.", "방앗간은 1898년에 지어졌습니다."),
        ("See section [7] of the rules.", "See section [7] of the rules."),
    ],
)  # fmt: skip
def test_a_passages_number_is_no_part_of_a_text_without_keys(text: str, plain: str) -> None:
    assert cite.bare(text, [passage("p1", "The mill was built in 1898.")]) == plain


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The Lumen[1898] sails daily [1].", "The Lumen[1898] sails daily."),
        ("루멘호[1898]는 매일 운항한다 [1].", "루멘호[1898]는 매일 운항한다."),
        ("The tool reads items[1] and writes it [1].", "The tool reads items[1] and writes it."),
        ("Kim[3] built the mill [1].", "Kim built the mill."),
        ("미라호(Mira)[2]는 매일 운항한다 [1].", "미라호(Mira)는 매일 운항한다."),
    ],
)
def test_of_a_passages_brackets_only_footnote_marks_go(text: str, answer: str) -> None:
    held = [passage("p1", text.removesuffix(" [1].") + "."), passage("p2", "Else.")]
    assert cite.cite(text, held).answer == answer


def test_a_name_in_brackets_is_no_call_in_a_stream() -> None:
    told = cite.Renumbered()
    shown = told("미라호(Mira)[3]는 크다. 파도호는 작다 [2]. ") + told.rest()
    assert shown == "미라호(Mira) [1]는 크다. 파도호는 작다 [2]. "
