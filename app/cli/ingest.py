"""``epsilon ingest``, and what a curator does: ``merge``, ``split``, ``withdraw``, ``tag``."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from app.cli.context import (
    REJECTED,
    bring_index_up_to_date,
    counting,
    open_database,
    print_json,
    progress_bar,
    say,
    settings_of,
)  # fmt: skip

if TYPE_CHECKING:
    from app.ingest.report import Report


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path(path_type=Path))
@click.option(
    "--arxiv", "queries", multiple=True, metavar="QUERY", help="ask arXiv, in its query language; again for more"
)
@click.option(
    "--arxiv-id", "ids", multiple=True, metavar="ID", help="ask arXiv for a paper; again, or commas, for more"
)
@click.option(
    "--most", default=1000, show_default=True, type=click.IntRange(1, 30_000), help="papers of an arXiv query"
)
@click.option("--format", "format_", help="the files' format, where it can't be recognised")
@click.option("--metadata", type=click.Path(path_type=Path), help="JSON lines with what the files lack, by title")
@click.option("--dry-run", is_flag=True, help="say what would happen, and keep nothing")
@click.option("--json", "as_json", is_flag=True, help="print the report as one JSON document")
@click.pass_context
def ingest(
    ctx: click.Context,
    /,
    paths: tuple[Path, ...],
    queries: tuple[str, ...],
    ids: tuple[str, ...],
    most: int,
    format_: str | None,
    metadata: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Load papers from files: BibTeX, RIS, arXiv Atom, CSV, JSON lines, awesome lists, digests; or from arXiv."""
    from app.ingest.arxiv_api import ArxivApi, ArxivRequest, request_for_ids
    from app.ingest.run import Feed, ingest
    from app.sources import FORMATS
    from app.tagging.tagger import load_tagger

    if format_ is not None and format_ not in FORMATS:
        raise click.UsageError(f"there is no format '{format_}'; there are {', '.join(FORMATS)}")
    if not (paths or queries or ids):
        raise click.UsageError("nothing to load: name a PATH, or ask arXiv with --arxiv or --arxiv-id")
    requests = [ArxivRequest(query, most=most) for query in queries]
    try:
        requests += [request_for_ids([i for given in ids for i in given.split(",") if i.strip()])] if ids else []
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    api = ArxivApi(settings_of(ctx))
    tagger = load_tagger(settings_of(ctx).taxonomy_dir)
    with open_database(ctx) as database:
        fetched = ((request.name, api.fetch(request)) for request in requests)
        # a preview holds the database, so everything is there before it begins
        feeds = [Feed(name, "arxiv", list(records) if dry_run else records) for name, records in fetched]
        with progress_bar("reading") as progress:
            report = ingest(
                database, tagger, [*paths, *feeds], format=format_, metadata=metadata, dry_run=dry_run,
                progress=progress,
            )  # fmt: skip
        _say_report(ctx, report, as_json)
        if not dry_run:
            bring_index_up_to_date(ctx, database)
    if report.rejected:
        ctx.exit(REJECTED)


def _say_report(ctx: click.Context, report: Report, as_json: bool) -> None:
    if as_json:
        print_json(report.as_json())
    else:
        click.echo(report.as_text())


@click.command()
@click.option("--run", type=int, help="all that this run rejected; else what isn't settled since")
@click.option("--retry", "again", is_flag=True, help="read again what was kept whole")
@click.option("--json", "as_json", is_flag=True, help="print one JSON document")
@click.pass_context
def rejects(ctx: click.Context, /, run: int | None, again: bool, as_json: bool) -> None:
    """List the records that were rejected, with place and reason; or retry them."""
    from app.ingest.rejects import rejects, retry
    from app.tagging.tagger import load_tagger

    with open_database(ctx) as database:
        if again:
            report = retry(database, load_tagger(settings_of(ctx).taxonomy_dir), run)
            _say_report(ctx, report, as_json)
            bring_index_up_to_date(ctx, database)
            if report.rejected:
                ctx.exit(REJECTED)
            return
        with database.reading() as session:
            found = [
                r.model_dump(exclude={"record", "settled"}) | {"retry": bool(r.record)} for r in rejects(session, run)
            ]
    if as_json:
        print_json(found)
        return
    for reject in found:
        click.echo("\t".join(str(reject[name]) for name in ("run_id", "source", "position", "reason", "excerpt")))


@click.command()
@click.argument("paper_id", metavar="ID")
@click.argument("into")
@click.pass_context
def merge(ctx: click.Context, /, paper_id: str, into: str) -> None:
    """Make two papers one: ID becomes part of INTO, and its address leads there."""
    from app.ingest.curate import merge
    from app.tagging.tagger import load_tagger

    with open_database(ctx) as database:
        merge(database, load_tagger(settings_of(ctx).taxonomy_dir), paper_id, into)
        bring_index_up_to_date(ctx, database)


@click.command()
@click.argument("paper_id", metavar="ID")
@click.pass_context
def split(ctx: click.Context, /, paper_id: str) -> None:
    """Undo a merge: the paper that was ID is one of its own again."""
    from app.ingest.curate import split
    from app.tagging.tagger import load_tagger

    with open_database(ctx) as database:
        split(database, load_tagger(settings_of(ctx).taxonomy_dir), paper_id)
        bring_index_up_to_date(ctx, database)


@click.command()
@click.argument("paper_id", metavar="ID")
@click.option("--reason", required=True, help="shown to visitors at the paper's address")
@click.pass_context
def withdraw(ctx: click.Context, /, paper_id: str, reason: str) -> None:
    """Take a paper out for good."""
    from app.ingest.curate import withdraw

    with open_database(ctx) as database:
        withdraw(database, paper_id, reason)
        bring_index_up_to_date(ctx, database)


@click.command()
@click.argument("file", default="-", type=click.File("rb"))
@click.option("--all", "stored", is_flag=True, help="bring the tags of every stored paper up to date instead")
@click.option("--stale", is_flag=True, help="with --all: only the papers whose tags other rules made")
@click.pass_context
def tag(ctx: click.Context, /, file: IO[bytes], stored: bool, stale: bool) -> None:
    """Tag JSON lines (standard input without FILE) with title and abstract; they come back with labels and evidence."""
    from app.tagging.tagger import load_tagger

    tagger = load_tagger(settings_of(ctx).taxonomy_dir)
    if stale and not stored:
        raise click.UsageError("--stale goes with --all")
    if stored:
        from app.ingest.curate import retag

        with open_database(ctx) as database:
            with counting("papers tagged") as progress:
                changes = retag(database, tagger, progress, stale_only=stale)
            if changes.papers or not stale:
                click.echo(changes.as_text())
            bring_index_up_to_date(ctx, database)
        return
    from app.tagging.lines import LineError, tag_lines

    rejected = False
    for line in tag_lines(file, tagger):
        if isinstance(line, LineError):
            rejected = True
            say(str(line))
        else:
            click.echo(line)
    if rejected:
        ctx.exit(REJECTED)
