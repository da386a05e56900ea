"""Numbers and dates of short answers, in both languages; what is not certain is None."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churon.tools.values import Value, comparable, order, parse_exact, parse_value, show


def number(text: str) -> Value:
    value = parse_value(text)
    assert value is not None, text
    return value.as_number()


@pytest.mark.parametrize(
    ("text", "amount", "dimension"),
    [
        ("1,234.5", 1234.5, ""),
        ("about 3.2 million", 3_200_000, ""),
        ("twelve", 12, ""),
        ("twenty-one", 21, ""),
        ("one hundred and five", 105, ""),
        ("two dozen", 24, ""),
        ("1st", 1, "ordinal"),
        ("first", 1, "ordinal"),
        ("the third", 3, "ordinal"),
        ("twenty-first", 21, "ordinal"),
        ("첫째", 1, "ordinal"),
        ("두 번째", 2, "ordinal"),
        ("45%", 45, "percent"),
        ("45 percent", 45, "percent"),
        ("$3.2 million", 3_200_000, "money:USD"),
        ("US$5", 5, "money:USD"),
        ("€5", 5, "money:EUR"),
        ("$3M", 3_000_000, "money:USD"),
        ("₩3,000", 3000, "money:KRW"),
        ("200 million won", 200_000_000, "money:KRW"),
        ("3억 원", 300_000_000, "money:KRW"),
        ("1억 2천만 원", 120_000_000, "money:KRW"),
        ("1조 2천억 원", 1_200_000_000_000, "money:KRW"),
        ("12달러", 12, "money:USD"),
        ("삼천이백", 3200, ""),
        ("3천2백만", 32_000_000, ""),
        ("열두 명", 12, ""),
        ("백스물세 명", 123, ""),
        ("서른", 30, ""),
        ("둘", 2, ""),
        ("두 번", 2, ""),
        ("3번", 3, ""),
        ("1만2345", 12_345, ""),
        ("정원은 198명입니다", 198, ""),
        ("다섯 분", 5, ""),
        ("300세대", 300, ""),
        ("1998 people", 1998, ""),
        ("스물세 살", 23, "age"),
        ("만 12세", 12, "age"),
        ("It is 45 years old.", 45, "age"),
        ("120분", 7200, "time"),
        ("2 hours", 7200, "time"),
        ("1시간 30분", 5400, "time"),
        ("2 hours and 30 minutes", 9000, "time"),
        ("3개월", 3, "calendar"),
        ("1000년 동안", 12_000, "calendar"),
        ("3 km", 3000, "length"),
        ("삼십 킬로미터", 30_000, "length"),
        ("5 miles (8 km)", 8046.72, "length"),
        ("길이는 약 1,234.5미터입니다.", 1234.5, "length"),
        ("면적은 12.5㎢", 12_500_000, "area"),
        ("3 hectares", 30_000, "area"),
        ("3톤", 3000, "mass"),
        ("36 km/h", 10, "speed"),
        ("시속 36km", 10, "speed"),
        ("36 kilometres per hour", 10, "speed"),
        ("영하 5도", 268.15, "temperature"),
        ("-5°C", 268.15, "temperature"),
        ("23 °F", 268.15, "temperature"),
        ("두 배", 2, "ratio"),
        ("－５", -5, ""),
    ],
)
def test_reads_numbers(text: str, amount: float, dimension: str) -> None:
    value = number(text)
    assert (float(value.amount), value.dimension) == (pytest.approx(amount), dimension)


@pytest.mark.parametrize(
    ("text", "year", "month", "day"),
    [
        ("12 March 1998", 1998, 3, 12),
        ("1st of May 1998", 1998, 5, 1),
        ("March 12, 1998", 1998, 3, 12),
        ("Sept. 11, 2001", 2001, 9, 11),
        ("1998-03-12", 1998, 3, 12),
        ("1998. 3. 12.", 1998, 3, 12),
        ("1998년 3월 12일", 1998, 3, 12),
        ("1998년 3월", 1998, 3, None),
        ("July 1998", 1998, 7, None),
        ("in 1998", 1998, None, None),
        ("It was founded in 1998.", 1998, None, None),
        ("파도호는 1998년에 건조되었다.", 1998, None, None),
        ("1998년생이다", 1998, None, None),
        ("918년에", 918, None, None),
        ("490 BC", -490, None, None),
        ("기원전 490년", -490, None, None),
        ("AD 79", 79, None, None),
        ("c. 1500", 1500, None, None),
        ("the first in 1998", 1998, None, None),
    ],
)
def test_reads_dates(text: str, year: int, month: int | None, day: int | None) -> None:
    value = parse_value(text)
    assert value is not None
    assert (value.kind, value.year, value.month, value.day) == ("date", year, month, day)


@pytest.mark.parametrize(
    "text",
    """|Seoul|서울|이천|사천|만일|한강|이가은|제주도|두바이|한국|세대|이번|이 분|하루|일|백
the 1990s|1990년대|90년대|1990's|19th century|19세기|루이 14세|Louis XIV|20대|이십 대
Pier 7|Boeing 747|Ocean's Eleven
Seven Samurai|Apollo 11|7번 부두|3호선|제3회|아폴로 11|No. 5|Room 101|one of the 12 ships|no one
12 and 14|10-20|1998-99|2024-05|5 to 10 people|between 10 and 20|3~4명|1998 or 2004|twenty or thirty
over 300|at least 5|300명 이상|100여 명|수백 명|몇 명|up to 40|300+
before 1998|1998년 이후|3년 전|5 years ago
not 1998|198명이 아니다|1998년이 아닙니다|unknown|9:30|3 pm|오후 3시|5 o'clock|December 25|12월 25일
03/12/1998|31 February 1998|v1.2.3|192.168.0.1|1/2|half a million|3분의 1|두 시간 반|3²|2³|1e5|1,23
50 MB|5 Canadian dollars|3 won the race
98년|05년|918년|3조|1일 3회|60 km per day|nineteen ninety-eight
The ferry holds 198 passengers and 40 cars.
In 1998 there were 12 ships.|2 out of 3|1 in 5""".replace("\n", "|").split("|"),
)
def test_never_guesses(text: str) -> None:
    assert parse_value(text) is None


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ("3 km", "2 miles", -1),
        ("1.2 million", "800,000", 1),
        ("120분", "2 hours", 0),
        ("3억 원", "200 million won", 1),
        ("10평", "33 m²", 1),
        ("1 knot", "1.852 km/h", 0),
        ("스물세 살", "23 years old", 0),
        ("1998", "1998년", 0),
        ("12 March 1998", "1998년 3월 12일", 0),
        ("490 BC", "79 AD", -1),
        ("490 BC", "기원전 480년", -1),
        ("March 1998", "1998", None),
        ("March 1998", "April 1998", -1),
        ("March 1998", "2004", -1),
        ("3 km", "3 kg", None),
        ("$5", "5000원", None),
        ("198명", "12척", None),
        ("198명", "200", -1),
        ("50 volts", "40 rooms", None),
        ("3 tons", "3 tonnes", None),
        ("about 100", "105", None),
        ("about 100", "205", -1),
        ("c. 1500", "1510", None),
        ("c. 1500", "1650", -1),
        ("3 years", "200 days", None),
    ],
)
def test_orders(a: str, b: str, wanted: int | None) -> None:
    x, y = parse_value(a), parse_value(b)
    assert x is not None
    assert y is not None
    assert order(x, y) == wanted
    assert order(y, x) == (None if wanted is None else -wanted)


def test_exact_wants_nothing_around_the_value() -> None:
    assert parse_exact("in 1998") is not None
    assert parse_exact("The Sora was launched in 1998") is None


@pytest.mark.parametrize(
    ("text", "english", "korean"),
    [
        ("3 km", "3 km", "3 km"),
        ("198명", "198", "198명"),
        ("1,234.5 metres", "1,234.5 m", "1,234.5 m"),
        ("12 March 490 BC", "12 March 490 BC", "기원전 490년 3월 12일"),
        ("45%", "45%", "45%"),
        ("1 hour", "1 hour", "1시간"),
        ("영하 5도", "-5°C", "-5°C"),
        ("3억 원", "300,000,000 won", "300,000,000원"),
        ("three decades", "3 decades", "30년"),
    ],
)
def test_shows(text: str, english: str, korean: str) -> None:
    value = parse_value(text)
    assert value is not None
    assert (show(value, "en"), show(value, "ko")) == (english, korean)


@given(st.text(max_size=60))
def test_never_raises_on_any_text(text: str) -> None:
    parse_value(text)


_PIECES = st.sampled_from(
    [
        "1998",
        "12",
        "3.5",
        "1,200",
        "이",
        "삼",
        "천",
        "만",
        "억",
        "백",
        "열",
        "세",
        "한",
        "년",
        "월",
        "일",
        "명",
        "대",
        "번",
        "분",
        "시간",
        "km",
        "m²",
        "%",
        "$",
        "원",
        "million",
        "and",
        "one",
        "two",
        "hundred",
        "March",
        "BC",
        ".",
        ",",
        "-",
        "/",
        "(",
        ")",
        "은",
        "는",
        "입니다",
        "약",
        "about",
        "in",
        "the",
        "first",
        "번째",
        "기원전",
        "도",
        "영하",
    ]
)


@given(st.lists(st.tuples(_PIECES, st.sampled_from(["", " "])), max_size=8))
def test_never_raises_on_pieces_of_values(pieces: list[tuple[str, str]]) -> None:
    parse_value("".join(piece + space for piece, space in pieces))


@given(st.integers(-(10**9), 10**12))
def test_digits_round_trip(n: int) -> None:
    assert number(str(n)).amount == n
    assert number(f"{n:,}").amount == n
    assert number(f"약 {abs(n):,}명").amount == abs(n)


@given(st.dates())
def test_dates_round_trip(day: object) -> None:
    value = parse_value(str(day))
    assert value is not None
    assert parse_value(show(value, "ko")) == value or value.year < 1000
    assert parse_value(show(value, "en")) == value or value.year < 100


_VALUES = st.builds(
    Value,
    st.sampled_from(["number", "date"]),
    st.fractions(max_denominator=9),
    year=st.integers(-20, 20).filter(bool),
    month=st.none() | st.integers(1, 3),
    day=st.none(),
    approximate=st.booleans(),
)


@given(_VALUES, _VALUES)
def test_order_is_antisymmetric(a: Value, b: Value) -> None:
    forth, back = order(a, b), order(b, a)
    assert forth == (None if back is None else -back)
    assert comparable(a, b) is comparable(b, a)
    assert order(a, a) in {0, None}
