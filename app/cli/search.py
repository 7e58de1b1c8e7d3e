"""``epsilon search`` and ``stats``, and the evaluation."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from app.cli.context import FacetCommand, open_database, open_engine, print_json, say, settings_of, taxonomy_of


@click.command(cls=FacetCommand)
@click.argument("query", default="")
@click.option("--venue", multiple=True, metavar="ID", help="a venue's id; again for OR")
@click.option("--author", multiple=True, metavar="ID", help="an author's id; again for OR")
@click.option("--has", multiple=True, type=click.Choice(["code", "venue"]), help="its code is known; it is published")
@click.option("--year-from", type=int)
@click.option("--year-to", type=int)
@click.option("--sort", type=click.Choice(["relevance", "newest", "oldest", "title"]))
@click.option("--limit", "per_page", default=20, show_default=True, type=click.IntRange(1, 200), help="most results")
@click.option("--synonyms", type=click.Choice(["off"]), help="only what was typed")
@click.option("--json", "as_json", is_flag=True, help="the API's answer")
@click.pass_context
def search(ctx: click.Context, /, query: str, as_json: bool, **options: Any) -> None:
    """Search the catalogue, in the query language of the search box."""
    from app.search.query import parse

    settings = settings_of(ctx)
    taxonomy = taxonomy_of(settings)
    params = [("q", query)] if query else []
    for name, value in options.items():
        values = value if isinstance(value, tuple) else (value,)
        params += [(name, str(v)) for v in values if v is not None]
    parsed = parse(params, taxonomy)
    for problem in parsed.problems:
        raise click.UsageError(f"--{problem.parameter.replace('_', '-')} {problem.value}: {problem.reason}")
    with open_engine(ctx) as engine:
        page = engine.search(parsed.request)
    if as_json:
        from app.web.exports import search_json

        print_json(search_json(page, parsed.request, taxonomy, settings.base_url))
        return
    for hit in page.hits:
        paper = hit.paper
        authors = ", ".join(author.name for author in paper.authors[:3]) + " …" * (len(paper.authors) > 3)
        click.echo(f"{paper.title}\n  {authors} · {paper.venue_label} {paper.year or ''}\n  {paper.url or paper.id}")
    say(f"{len(page.hits)} of {page.total} papers")


@click.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def stats(ctx: click.Context, /, as_json: bool) -> None:
    """Say what the catalogue holds: papers, per facet value, sources, runs, index lag."""
    from app.catalogue import stats

    with open_database(ctx) as database, database.reading() as session:
        found = stats(session, taxonomy_of(settings_of(ctx)))
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"{found.papers} papers, {found.withdrawn} withdrawn")
    click.echo(f"index: {found.index.waiting} papers wait, {found.index.set_aside} are set aside")
    groups = {**found.facets, "venue": found.venues, "unknown venue": found.unknown_venues, "source": found.sources}
    for name, counts in groups.items():
        for value, count in counts.items():
            click.echo(f"{name}\t{value}\t{count}")
    for run in found.runs:
        figures = ", ".join(f"{run[key]} {key}" for key in ("read", "created", "updated", "merged", "rejected"))
        click.echo(f"run {run['id']}\t{run['started_at']}\t{run['source']}\t{figures}")
    for paper_id, reason in found.set_aside.items():
        click.echo(f"set aside\t{paper_id}\t{reason}")


@click.command(hidden=True)
@click.argument("gold", type=click.Path(path_type=Path))
@click.option("--markdown", type=click.Path(path_type=Path), help="write the tags' figures into this file too")
@click.option(
    "--labels", type=click.Path(path_type=Path, exists=True), help="labels of papers by their titles' digests"
)
@click.option("--texts", type=click.Path(path_type=Path), help="where the texts of --labels are: JSON lines, or .xz")
@click.pass_context
def evaluate(ctx: click.Context, /, gold: Path, markdown: Path | None, labels: Path | None, texts: Path | None) -> None:
    """Print how good tags and search are on labelled sets (see 'make evaluate')."""
    from app.evaluation import FurtherLabels, evaluate

    if (labels is None) != (texts is None):
        raise click.UsageError("--labels and --texts go together")
    further = FurtherLabels(labels, texts) if labels and texts else None
    evaluate(gold, settings_of(ctx).taxonomy_dir, click.echo, markdown, further)
