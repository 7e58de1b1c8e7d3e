"""Which engine answers: the scheme of the address picks it; nothing else asks."""

from __future__ import annotations

from pathlib import Path

from app.search import SearchEngine
from app.settings import Settings
from app.tagging.taxonomy import Taxonomy


def open_engine(settings: Settings, taxonomy: Taxonomy) -> SearchEngine:
    """Return the engine of the settings; a server that is down doesn't keep it from opening."""
    if settings.search.startswith(("http://", "https://")):
        from app.search.meilisearch import MeilisearchEngine

        return MeilisearchEngine(settings.search, settings.search_key, settings.search_index, taxonomy)
    from app.search.embedded import EmbeddedEngine

    return EmbeddedEngine(Path(settings.search), taxonomy)
