"""What a paper is worth to a query: the weights that both engines use, and BM25 over a window of papers."""

from __future__ import annotations

TITLE, ABSTRACT, NAMES = 2.0, 1.0, 1.0
"""How much a word counts in each text."""
EXACT = 0.1
"""The word just as it was typed, beside one with its stem."""
PAIR = 0.5
"""Two words of the query next to each other; twice that in a title."""
TAG_SCORE = 3.0
"""A tag that the query names."""
TITLE_IS, TITLE_BEGINS = 100.0, 30.0
"""The query is the whole title, or its beginning."""
