import io
import json
from pathlib import Path

from app.paper import Draft, Reject
from app.sources import digest

DATA = Path(__file__).parent.parent / "app" / "data"


def test_the_digest_gives_its_119_papers_with_the_titles_of_its_metadata():
    drafts = list(digest.read(io.BytesIO((DATA / "digest.txt").read_bytes())))
    known = [json.loads(line)["title"] for line in (DATA / "digest-metadata.jsonl").read_text().splitlines()]
    assert all(isinstance(draft, Draft) for draft in drafts)
    assert [draft.title for draft in drafts] == known
    assert drafts[0].position == "line 3"


def test_a_title_without_abstract_is_rejected_at_its_line():
    furniture = b"Get trending papers in your email inbox!\n"
    assert digest.recognises(furniture)
    [draft, reject] = digest.read(io.BytesIO(furniture + b"SubscribeOne\nIts abstract.\nTwo\n"))
    assert draft == Draft("One", "Its abstract.", position="line 2")
    assert reject == Reject("line 4", "the title has no abstract on the line after it", "Two")
