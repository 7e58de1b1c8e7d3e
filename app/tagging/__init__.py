"""Tagging: from title and abstract to the taxonomy's labels, each with the words that earned it. Pure."""
