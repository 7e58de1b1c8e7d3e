"""How many papers a second the tagger tags on one core, and what the nastiest texts cost beside ordinary ones.

    python benchmarks/tagging.py [--papers 20000]

Texts are those of the collection beside the project; without it, the digest's over and over. Adversarial texts are made
of the rules' own phrases so that as many of them as possible begin and few end. They are compared per kilobyte, in the
same run, with ordinary papers as they are, and with ordinary abstracts glued together to the same length: ratios near
1, or below, mean that no text makes the tagger stall.
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
from app.tagging.tagger import LONGEST, load_tagger

Texts = list[tuple[str, str]]


def ordinary(most: int) -> Texts:
    """Return titles and abstracts of real papers."""
    if not CORPUS.exists():
        print(f"there is no {CORPUS}: measured on the digest's papers, over and over")
        few = [(paper.title, paper.abstract) for paper in digest()]
        return (few * (most // len(few) + 1))[:most]
    with lzma.open(CORPUS) as lines:
        rows = (orjson.loads(line) for line, _ in zip(lines, range(most), strict=False))
        return [(row["title"], row["abstract"]) for row in rows]


def adversarial() -> Iterator[tuple[str, str]]:
    """Yield names and texts of the full length that is read."""
    rng = random.Random(1)
    _, rules = load()
    beginnings = sorted({word.strip("*^") for rule in rules.rules for phrase in rule.any for word in phrase[0].words})
    yield "one beginning, again and again", "federated " * LONGEST
    yield "beginnings of phrases at random", " ".join(rng.choice(beginnings) for _ in range(LONGEST))
    yield "claims without end", "we propose to train a private " * LONGEST
    yield "a word without end", "priva" * LONGEST
    yield "no words", "().,;-" * LONGEST
    yield "a sentence a word", "DP. FL. We. MIA! " * LONGEST
    yield "brackets", "((DP) (FL) " * LONGEST
    yield "mentions", "unlike existing such as differential privacy " * LONGEST


def seconds(work: Callable[[], object], rounds: int = 9) -> float:
    """Return the processor's time for a piece of work, the quickest of a few rounds."""
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


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
    few = papers[:500]
    usual = seconds(lambda: [tagger.tag(*paper) for paper in few]) / sum(map(len, chain.from_iterable(few)))
    glued = " ".join(abstract for _, abstract in papers[:2000])
    plain = [glued[i : i + LONGEST] for i in range(0, min(len(glued), 20 * LONGEST) - LONGEST, LONGEST)] or [glued]
    long = sum(seconds(lambda text=text: tagger.tag("", text)) / len(text) for text in plain) / len(plain)
    print(f"ordinary papers: {usual * 1e6:.2f} ms for a kilobyte, abstracts glued together: {long * 1e6:.2f} ms")
    for name, text in adversarial():
        read = text[:LONGEST]
        own = seconds(lambda text=read: tagger.tag("", text)) / len(read)
        million = seconds(lambda text=(text * 50)[:1_000_000]: tagger.tag(text, text), rounds=1)
        print(
            f"{name}: {own / usual:.2f} times papers, {own / long:.2f} times what is glued; "
            f"a megabyte of it in both fields takes {million * 1000:.0f} ms"
        )


if __name__ == "__main__":
    main()
