"""What the requests of one process share: one database, one engine, the templates, names that seldom change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from app import catalogue
from app.database import Database, DatabaseUnavailable
from app.paper import Paper, Venue
from app.search import EngineUnavailable, SearchEngine, SearchRequest
from app.settings import Settings
from app.tagging.taxonomy import Taxonomy
from app.web.matrix import Matrix
from app.web.narrowing import Names
from app.web.render import Render, StaticFile, etag

MOST_RELATED = 6


@dataclass
class Site:
    """The state of the web server; ``database`` and ``engine`` are opened with the process."""

    settings: Settings
    taxonomy: Taxonomy
    static: Mapping[str, StaticFile]
    render: Render
    database: Database
    engine: SearchEngine
    matrices: dict[tuple[str, str, str], Matrix] = field(default_factory=dict)
    _venues: tuple[str, Mapping[str, Venue]] = field(default=("", {}))
    _years: tuple[str, tuple[int, ...]] = ("", ())

    def venues(self, generation: str) -> Mapping[str, Venue]:
        """Return the venues, read again when the index has changed; what was known, while the database is down."""
        known, venues = self._venues
        if known != generation or not venues:
            try:
                with self.database.reading() as session:
                    venues = catalogue.venues(session)
                self._venues = (generation, venues)
            except DatabaseUnavailable:
                pass
        return venues

    def names(self, generation: str, papers: Iterable[Paper] = ()) -> Names:
        """Return the names of venues, and of the authors of these papers."""
        venues = {venue.id: venue.label for venue in self.venues(generation).values()}
        authors = {author.id: author.name for paper in papers for author in paper.authors}
        venues |= {paper.venue: paper.venue_label for paper in papers if paper.venue not in venues}
        return Names(venues, authors)

    def years(self) -> tuple[int, ...]:
        """Return the years that have papers; asked again when the index has changed."""
        generation = self.engine.generation()
        if self._years[0] != generation:
            counts = self.engine.search(SearchRequest(per_page=1)).facets.get("year", {})
            self._years = (generation, tuple(sorted(int(year) for year in counts)))
        return self._years[1]

    def count(self, request: SearchRequest) -> int:
        """Return how many papers a request has."""
        return self.engine.search(request).total

    def related(self, paper: Paper) -> list[Paper] | None:
        """Return the papers that have most in common with one; None where the engine can't say."""
        try:
            return list(self.engine.related(paper, MOST_RELATED))
        except EngineUnavailable:
            return None

    def tag(self, request: Request) -> str:
        """Return the tag of an answer that changes with the index only.

        Raises:
            EngineUnavailable: there is no index to ask.
        """
        return etag(request, self.render.version, self.engine.generation())


def site_of(request: Request) -> Site:
    """Return the site that a request came to."""
    site: Site = request.app.state.site
    return site
