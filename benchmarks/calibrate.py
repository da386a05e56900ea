"""Fit the critic's calibration for one chat model on the development sets, and say what it gains.

    python benchmarks/calibrate.py --data DATA --model qwen2.5-coder-1.5b -n 40

Relevance: a question with its passage (Y) against the best wrong passage by shared words (N).
Support: the true answer (F) against another question's answer (N) on the same passage; and, as
answers are sentences, hand-written sentences of reasoning (IRCoT's demonstrations, English) with
their passage (F), with the nearest passage of another question (N), and with their last name or
number exchanged (N); in Korean, questions with their answer as sentences (F), and with another one
(N). Fitted for both languages together and for each, made on one half and judged on the other;
prints TOML for the settings file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from churon.nodes.cite import overlap, sentences
from churon.nodes.prompts import messages
from churon.tools.models.base import ChatPort, Want
from churon.tools.models.calibration import Sample, fit
from churon.tools.models.critic import calibrated, label_logprobs
from churon.tools.models.labels import RELEVANCE, SUPPORT, LabelSet
from churon.tools.settings import LabelCalibration, load_settings
from churon.tools.toolkit import Toolkit
from churon.tools.types import Language

CHARS: dict[Language, int] = {"en": 800, "ko": 400}
"""Characters of a passage: the ingest's chunk sizes."""
DEMONSTRATIONS = ("en_cot_ircot_hotpotqa", "en_cot_ircot_musique", "en_cot_ircot_2wikimultihopqa")
CONCLUDES = re.compile(r"(?:So|Thus|Hence|Therefore|There)\b")
"""A sentence that only draws the conclusion is in no passage."""
SHARED = 0.55
"""Share of a sentence's bigrams that its passage must hold."""
TOPIC = re.compile(
    r"(.*[은는])\s*(?:누구|무엇|언제|어디)?(?:인가|인가요|입니까|일까|이었나|였나)?\s*\?$"
)
"""A Korean question that names what it asks for."""
NAMES = re.compile(r"[A-Z][\w.'-]+(?: [A-Z][\w.'-]+)*|\d[\d,]*")
SETS: dict[Language, str] = {"en": "en_singlehop_squad2", "ko": "ko_singlehop_korquad"}


@dataclass(frozen=True)
class Case:
    step: str
    labels: LabelSet
    gold: str
    language: Language
    values: dict[str, str]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def passages(folder: Path) -> dict[str, str]:
    """By id, as prompts show them."""
    found = rows(folder / "corpus.jsonl")
    return {row["_id"]: f"[{row['title']}]\n{row['text']}" for row in found}


def golden(folder: Path) -> dict[str, str]:
    """By question, the id of its passage."""
    judged = (folder / "qrels.tsv").read_text().splitlines()[1:]
    return dict(line.split("\t")[:2] for line in judged)


def around(text: str, answer: str, chars: int) -> str:
    """As much of the text as one chunk holds, with the answer in it; its title stays."""
    title, _, body = text.partition("\n")
    start = max(0, body.find(answer) - chars // 2) if answer else 0
    return f"{title}\n{body[start : start + chars]}"


def load(folder: Path, language: Language, n: int, seed: int) -> list[Case]:
    """Relevance and support cases of one set."""
    corpus = passages(folder)
    gold = golden(folder)
    asked = [q for q in rows(folder / "queries.jsonl") if q.get("answers") and q["_id"] in gold]
    random.Random(seed).shuffle(asked)
    cases: list[Case] = []
    for place, query in enumerate(asked[:n]):
        question, key = query["text"], gold[query["_id"]]
        passage = around(corpus[key], query["answers"][0], CHARS[language])
        others = [text for other, text in corpus.items() if other != key]
        hard = around(max(others, key=lambda t: overlap(question, t)), "", CHARS[language])
        other = asked[(place + 1) % len(asked)]["answers"][0]
        shared = {"question": question}
        for text, label in ((passage, "Y"), (hard, "N")):
            cases.append(Case("grade", RELEVANCE, label, language, {**shared, "passage": text}))
        for answer, label in ((query["answers"][0], "F"), (other, "N")):
            values = {**shared, "passage": passage, "statement": answer}
            cases.append(Case("support", SUPPORT, label, language, values))
    return cases


def statements(folder: Path, n: int, seed: int) -> list[Case]:
    """Support cases of one set of demonstrations: at most `n` sentences, three cases each."""
    corpus = passages(folder)
    found = []
    for query in rows(folder / "queries.jsonl"):
        mine = [corpus[key] for key in query["supporting"]]
        others = [text for key, text in corpus.items() if key not in query["supporting"]]
        for sentence in sentences(query["cot"]):
            nearest = max(mine, key=lambda text: overlap(sentence, text))
            if not CONCLUDES.match(sentence) and overlap(sentence, nearest) >= SHARED:
                wrong = max(others, key=lambda text: overlap(sentence, text))
                found.append((query["text"], sentence, nearest, wrong))
    random.Random(seed).shuffle(found)
    cases: list[Case] = []
    for place, (question, sentence, nearest, wrong) in enumerate(found[:n]):
        pairs = [("F", nearest, sentence), ("N", wrong, sentence)]
        if changed := exchanged(sentence, [other[1] for other in found[place + 1 : place + 8]]):
            pairs.append(("N", nearest, changed))
        for gold, passage, statement in pairs:
            values = {"question": question, "passage": around(passage, "", CHARS["en"])}
            given = {**values, "statement": statement}
            cases.append(Case("support", SUPPORT, gold, "en", given))
    return cases


def korean(folder: Path, n: int, seed: int) -> list[Case]:
    """Support cases in sentences: a question of the form "…의 이름은?" with its answer, and with
    another name out of its passage, every second time with the answer of another question.
    """
    corpus = passages(folder)
    gold = golden(folder)
    asked = [
        (q, found[1]) for q in rows(folder / "queries.jsonl") if (found := TOPIC.match(q["text"]))
    ]
    rng = random.Random(seed)
    rng.shuffle(asked)
    cases: list[Case] = []
    for place, (query, topic) in enumerate(asked[:n]):
        answer = query["answers"][0]
        passage = around(corpus[gold[query["_id"]]], answer, CHARS["ko"])
        words = [one for one in names(passage) if one not in query["text"] + answer]
        wrong = asked[(place + 1) % len(asked)][0]["answers"][0]
        if words and place % 2:
            wrong = rng.choice(words)
        for label, said in (("F", answer), ("N", wrong)):
            values = {"question": query["text"], "passage": passage}
            statement = {**values, "statement": f"{topic} {said}입니다."}
            cases.append(Case("support", SUPPORT, label, "ko", statement))
    return cases


@cache
def kiwi() -> Any:
    """The analyser, which takes a second to load."""
    from kiwipiepy import Kiwi

    return Kiwi()


def names(text: str) -> list[str]:
    """Proper nouns, by Kiwi."""
    found = (token.form for token in kiwi().tokenize(text) if token.tag == "NNP")
    return list(dict.fromkeys(one for one in found if len(one) > 1))


def exchanged(sentence: str, others: list[str]) -> str:
    """The sentence with its last name or number replaced by one of another; "" without any."""
    mine = NAMES.findall(sentence)
    if len(mine) < 2:
        return ""
    numeric = mine[-1][0].isdigit()
    fitting = [name for text in others for name in NAMES.findall(text) if name not in sentence]
    fitting = [name for name in fitting if name[0].isdigit() == numeric]
    return sentence.replace(mine[-1], fitting[0]) if fitting else ""


async def read(port: ChatPort, case: Case) -> Sample:
    """The model's log-probability per label."""
    prompt = messages(case.step, case.language, **case.values)
    completion = await port.complete(prompt, Want(max_tokens=1, top_logprobs=20))
    top = completion.logprobs[0].top if completion.logprobs else ()
    return label_logprobs(top, case.labels.labels)[0], case.gold


def accuracy(samples: list[Sample], calibration: LabelCalibration | None) -> float:
    """Share of cases where the first label's probability is on the right side of a half."""
    right = 0
    for logprobs, gold in samples:
        given = calibrated(dict(logprobs), calibration)
        first = next(iter(logprobs))
        score = given[first] + 0.5 * given.get("P", 0.0)
        right += (score > 0.5) == (gold == first)
    return right / len(samples)


def auc(samples: list[Sample]) -> float:
    """Chance that a true case scores above a false one, before any calibration."""
    scored = [(calibrated(dict(lp)), gold) for lp, gold in samples]
    first = next(iter(samples[0][0]))
    yes = [s[first] + 0.5 * s.get("P", 0.0) for s, gold in scored if gold == first]
    no = [s[first] + 0.5 * s.get("P", 0.0) for s, gold in scored if gold != first]
    wins = sum((a > b) + 0.5 * (a == b) for a in yes for b in no)
    return wins / (len(yes) * len(no))


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("-n", type=int, default=40, help="questions a language")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    cases = [
        case
        for language, name in SETS.items()
        for case in load(args.data / name, language, args.n, args.seed)
    ]
    for name in DEMONSTRATIONS:
        cases += statements(args.data / name, args.n, args.seed)
    cases += korean(args.data / SETS["ko"], args.n, args.seed)
    print("| model | labels | language | n | AUC | accuracy raw | both languages | its own |")
    print("|---|---|---|---|---|---|---|---|")
    toml: list[str] = []
    async with Toolkit(load_settings(chat={"model": args.model})) as toolkit:
        port = await toolkit.chat()
        for labels in (RELEVANCE, SUPPORT):
            mine = [case for case in cases if case.labels is labels]
            samples = [await read(port, case) for case in mine]
            toml += lines(f'"{args.model}".{labels.name}', fit(samples))
            for language in SETS:
                print(f"| {args.model} | {labels.name} | {language} {row(mine, samples, language)}")
                own = [s for s, c in zip(samples, mine, strict=True) if c.language == language]
                toml += lines(f'"{args.model}"."{labels.name}.{language}"', fit(own))
    print("\n" + "\n".join(toml))


def row(cases: list[Case], samples: list[Sample], language: Language) -> str:
    """How a language's second half fares raw, with a fit on the first half of both, and with one on
    its own.
    """
    halves: tuple[list[Sample], list[Sample]] = ([], [])
    shared = []
    for place, (sample, case) in enumerate(zip(samples, cases, strict=True)):
        first = place % 4 < 2  # a question's two cases stay together
        if case.language == language:
            halves[not first].append(sample)
        if first:
            shared.append(sample)
    own, held = halves
    figures = [accuracy(held, one) for one in (None, fit(shared), fit(own))]
    told = " | ".join(f"{one:.2f}" for one in figures)
    return f"| {len(held)} | {auc(held):.2f} | {told} |"


def lines(name: str, made: LabelCalibration) -> list[str]:
    """A calibration as TOML."""
    offsets = ", ".join(f"{k} = {v:.3f}" for k, v in made.offsets.items())
    return [
        f"[critic.calibration.{name}]",
        f"temperature = {made.temperature:.3f}",
        f"offsets = {{ {offsets} }}",
    ]


if __name__ == "__main__":
    asyncio.run(main())
