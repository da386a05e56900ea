"""Whether a question that asks for a number got one, and the one that its sentence says. Pure.

A small model answers "how many records" with the name of the song that the question speaks of.
What lacks a number is read once more; it is not declined, as "an hour" and "everyone" have none.
"""

from __future__ import annotations

import re
import unicodedata

_ASKS = re.compile(
    r"^(?!(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may|must|name"
    r"|describe|explain|tell|list|give)\b)"
    r"(?:(?!\b(?:who|whom|whose|what|which|where|why|when)\b).)*\bhow many\b(?!-)"
    r"|^(?:(?:in|on|since|until) )?(?:what|which) year\b(?!-| group)",
    re.IGNORECASE,
)
_ASKS_KOREAN = re.compile(r"(?<!몇)몇(?!몇)")
_LONGEST = 40
"""Digits that are looked at: Python refuses to read thousands of them."""
_IN_WORDS = 12
_ASKS_ELSE = re.compile(r"누구|누가|무엇|무슨|어디|어느|어떤|어떻게|왜")
_NUMBER = re.compile(
    r"\d|\b[IVXLCDM]{2,}\b"
    r"|(?i:\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|\w*illions?"
    r"|dozens?|scores?|half|halves|quarters?|thirds?|once|twice|thrice|single|double|triple|couple"
    r"|pairs?|twins?|both|several|many|few|all|every|none|no|never|most|majority|only|first|second"
    r"|third|last)\b)"
    r"|(?<![가-힣])[제약총단]?(?:[일이삼사오육륙칠팔구십백천만억조영공수한두세서석네넉반첫각매쌍몇]|하나|둘|셋|넷"
    r"|다섯|여섯|일곱|여덟|아홉|열|스물|스무|서른|마흔|쉰|예순|일흔|여든|아흔|절반|여러|모두|전부|없|많|유일)"
)
"""Generous: what might be a number word is one ("이", "수")."""


def lacks_number(answer: str, question: str) -> bool:
    """Whether the question asks how many, or which year, and the answer holds no number, in digits
    or in words of either language.
    """
    korean = bool(_ASKS_KOREAN.search(question)) and not _ASKS_ELSE.search(question)
    asks = korean or bool(_ASKS.search(question.strip()))
    return asks and not _NUMBER.search(unicodedata.normalize("NFKC", answer))


def other_number(answer: str, sentence: str) -> bool:
    """Whether the answer's largest number is none of those that its sentence has in digits, though
    one of these is as long: 1989 for 1898. Up to twelve it may stand there in words, and 12,000 as
    12 thousand.
    """
    said, largest = _in_digits(sentence), max(_in_digits(answer), default=0)
    alike = any(len(str(number)) == len(str(largest)) for number in said)
    return alike and largest > _IN_WORDS and largest not in said


def _in_digits(text: str) -> set[int]:
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", unicodedata.normalize("NFKC", text))
    return {int(run[:_LONGEST]) for run in re.findall(r"\d+", re.sub(r"\[[\d, ]+\]", "", plain))}
