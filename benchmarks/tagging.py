"""How many papers a second the tagger tags on one core, and what the nastiest texts cost beside ordinary ones.

    python benchmarks/tagging.py [--papers 20000]

Texts are those of the collection beside the project; without it, the digest's over and over. Adversarial texts are made
of the rules' own words so that as many of their phrases as possible begin and few end; the last kind is nothing but
whole phrases, in which everything is found. Texts of 20,000 characters, and what is read of them, are compared per
kilobyte, in the same run, with ordinary papers of the collection and with those of the digest, which speak of privacy
throughout: ratios near 1, or below, mean that no text makes the tagger stall.
"""

from __future__ import annotations

import argparse
import lzma
import random
import time
from collections.abc import Callable, Iterator
from itertools import chain

import orjson
from corpus import CORPUS, digest

from app.tagging.rulebook import load
from app.tagging.tagger import LONGEST, Tagger, load_tagger

Texts = list[tuple[str, str]]
LENGTH = 20_000
"""Characters of an adversarial text, of which the tagger reads the first ``LONGEST``."""


def of_digest() -> Texts:
    """Return titles and abstracts of the digest's papers."""
    return [(paper.title, paper.abstract) for paper in digest()]


def ordinary(most: int) -> Texts:
    """Return titles and abstracts of real papers."""
    if not CORPUS.exists():
        print(f"there is no {CORPUS}: measured on the digest's papers, over and over")
        few = of_digest()
        return (few * (most // len(few) + 1))[:most]
    with lzma.open(CORPUS) as lines:
        rows = (orjson.loads(line) for line, _ in zip(lines, range(most), strict=False))
        return [(row["title"], row["abstract"]) for row in rows]


def adversarial() -> Iterator[tuple[str, str]]:
    """Yield names and texts that are longer than what is read."""
    rng = random.Random(1)
    _, rules = load()
    beginnings = sorted({word.strip("*^") for rule in rules.rules for phrase in rule.any for word in phrase[0].words})
    yield "one beginning, again and again", "federated " * LENGTH
    yield "beginnings of phrases at random", " ".join(rng.choice(beginnings) for _ in range(LENGTH))
    yield "claims without end", "we propose to train a private " * LENGTH
    yield "a word without end", "priva" * LENGTH
    yield "no words", "().,;-" * LENGTH
    yield "a sentence a word", "DP. FL. We. MIA! " * LENGTH
    yield "brackets", "((DP) (FL) " * LENGTH
    yield "mentions", "unlike existing such as differential privacy " * LENGTH
    phrases = [phrase for rule in rules.rules for phrase in rule.any]
    words = (rng.choice(step.words).strip("*^") for phrase in rng.choices(phrases, k=LENGTH) for step in phrase)
    yield "phrases of rules one after another", " ".join(words)


def seconds(work: Callable[[], object], rounds: int = 9) -> float:
    """Return the processor's time for a piece of work, the quickest of a few rounds."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def per_character(tagger: Tagger, papers: Texts) -> float:
    """Return the seconds that a character of some texts takes."""
    return seconds(lambda: [tagger.tag(*paper) for paper in papers]) / sum(map(len, chain.from_iterable(papers)))


def main() -> None:
    """Print papers per second, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=20_000, help="how many papers to tag")
    papers = ordinary(parser.parse_args().papers)
    tagger = load_tagger()
    tags = 0
    start = time.process_time()
    for title, abstract in papers:
        tags += len(tagger.tag(title, abstract))
    taken = time.process_time() - start
    print(f"{len(papers):,} papers, {tags:,} tags: {len(papers) / taken:,.0f} papers a second on one core")
    usual = per_character(tagger, papers[:500])
    privacy = per_character(tagger, of_digest())
    print(f"a kilobyte of ordinary papers takes {usual * 1e6:.2f} ms, of the digest's {privacy * 1e6:.2f} ms")
    for name, text in adversarial():
        own, whole = per_character(tagger, [("", text[:LONGEST])]), per_character(tagger, [("", text[:LENGTH])])
        million = seconds(lambda text=(text * 50)[:1_000_000]: tagger.tag(text, text), rounds=1)
        print(
            f"{name}: {whole / usual:.2f} times ordinary papers ({own / usual:.2f} times where all of it is read, "
            f"{own / privacy:.2f} times the digest's); a megabyte in both fields takes {million * 1000:.0f} ms"
        )


if __name__ == "__main__":
    main()
