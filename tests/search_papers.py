"""A small catalogue for the search tests, made so that each paper shows one thing."""

from __future__ import annotations

from typing import Any

from app.paper import Author, Paper


def paper(paper_id: str, title: str, abstract: str = "", **rest: Any) -> Paper:
    """Return a paper; what isn't given is a preprint of 2023."""
    names = rest.pop("authors", ("Ada Example",))
    values: dict[str, Any] = {"revision": 1, "venue": "arxiv", "venue_label": "arXiv", "year": 2023, "labels": {}}
    authors = tuple(Author(name.lower().replace(" ", "-"), name) for name in names)
    return Paper(paper_id, title=title, abstract=abstract, authors=authors, **(values | rest))


PAPERS = (
    paper(
        "leak", "Deep Leakage from Gradients", "We recover training images from shared gradients.",
        authors=("Ligeng Zhu", "Žiga Müller"), year=2019, venue="neurips", venue_label="NeurIPS",
        arxiv_id="1906.08935", published="2019-06-21", code_url="https://example.org/dlg",
        labels={"attack": ("gradient-inversion",), "data": ("image",)},
    ),
    paper(
        "shokri", "Membership Inference Attacks Against Machine Learning Models",
        "Given a record, was it in the training set? We attack a black-box model.",
        authors=("Reza Shokri", "Marco Stronati"), year=2017, published="2017-05", doi="10.1109/sp.2017.41",
        venue="ieee-sp", venue_label="IEEE S&P", labels={"attack": ("membership-inference",)},
    ),
    paper(
        "mia-text", "MIA on Language Models", "An abbreviation alone, and 2024 as a number.", year=2024,
        published="2024-02-01", labels={"attack": ("membership-inference",), "data": ("text",)},
    ),
    paper(
        "fedlora", "DP-FedLoRA: On-Device Fine-Tuning", "Federated fine-tuning of large language models.", year=2025,
        labels={"technique": ("dp-training", "federated-learning"), "data": ("text",)},
    ),
    paper(
        "vertical", "Vertical Federated Learning with Stragglers", "Parties hold different features. In 2025 it grows.",
        year=2023, venue="icml", venue_label="ICML", labels={"technique": ("vertical-fl", "mpc")},
    ),
    paper(
        "anonymise", "Anonymising Faces in Video", "Behaviour of pedestrians stays visible; ε is not needed.",
        year=None, labels={"technique": ("visual-anonymization",), "data": ("face",)},
    ),
    paper("one", "Learning Apart", "large language text; language model. Also a large model here.", year=2022),
    paper("two", "Learning Apart", "nothing but a large language model stands here", year=2021),
    paper("html", "<b>Bold</b> & <script>alert(1)</script> Claims", "Escaping matters. " * 60 + "a haystack.",
          year=2020),
    paper("unlearn", "Machine Unlearning of Concepts", "Removing what a model has learned.", year=2023,
          labels={"technique": ("machine-unlearning",)}),
)  # fmt: skip
