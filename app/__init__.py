"""Epsilon: a searchable web catalogue of privacy-ML papers."""
