"""A story drawn as a PDF: `python -m wall.paper_child`, started by `wall.paper_press`.

    python -m wall.paper_child [--end-with PID] < JOB > PDF

Rules of this file:
- It opens nothing: no address, no file. Of pictures it has those in the record; any other address is refused.
- A process of its own: laying pages out takes seconds and a hundred megabytes, and pictures go through decoders. It is bounded in
  memory and processor time, and what goes wrong costs a file, never the wall.
- The file is PDF/A-3, which may have the record inside: readable in many years, every font in it.

It reads a `wall.story_paper.PaperJob` (JSON) from standard input, and ends with an exit status of `wall.paper_words` where it has drawn
nothing.
"""

from __future__ import annotations

import argparse
import logging
import resource
import signal
import sys
from typing import Final

import msgspec

from runtime.children import end_with_parent
from runtime.journald import log_for_people
from wall.paper_words import FAILED, TOO_LARGE
from wall.story_paper import PaperJob, StoryPaper, story_paper
from wire.sealed_pages import RECORD_NAME

log = logging.getLogger("rocars.wall.paper")

_JPEG: Final = b"\xff\xd8\xff"

MOST_BYTES: Final = 2_000_000_000
"""Of address space, of which the libraries and their fonts map some hundred megabytes."""
MOST_SECONDS: Final = 150
"""Of the processor: the longest story that the core tells takes a third of it here."""


def bound() -> None:
    """This process may take so much and no more."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def pdf_of(paper: StoryPaper, record: bytes) -> bytes:
    """The pages, with the record attached."""
    from weasyprint import HTML, Attachment  # noqa: PLC0415 - after the bounds are set, and slow to load
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415

    class _Inside(URLFetcher):  # type: ignore[misc]
        """Has what the record brings, and nothing else."""

        def fetch(self, url: str, _headers: object = None) -> URLFetcherResponse:
            jpeg = paper.pictures.get(url, b"")
            if not jpeg.startswith(_JPEG):  # of other forms some have addresses in them, and one is a program
                raise ValueError(f"{url[:80]} is no picture of the record")
            return URLFetcherResponse(url, jpeg, {"Content-Type": "image/jpeg"})

    attached = Attachment(
        string=record,
        name=RECORD_NAME,
        description="The record, signed by the core: rocars-core verify",
        relationship="Source",
    )
    page = HTML(string=paper.html, url_fetcher=_Inside())
    made: bytes = page.write_pdf(attachments=[attached], pdf_variant="pdf/a-3a")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Draws one story."""
    parser = argparse.ArgumentParser(prog="python -m wall.paper_child", description="A story drawn as a PDF.")
    parser.add_argument("--end-with", type=int, default=0, metavar="PID", help="end when this parent does")
    options = parser.parse_args(arguments)
    if options.end_with:
        end_with_parent(signal.SIGKILL, parent=options.end_with)
    log_for_people("rocars-wall-paper")
    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)
    bound()
    try:
        job = msgspec.json.decode(sys.stdin.buffer.read(), type=PaperJob)
        made = pdf_of(story_paper(job), job.record.encode())
    except MemoryError:
        return TOO_LARGE
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, OSError) as error:
        log.warning("a story could not be drawn: %s: %s", type(error).__name__, error)
        return FAILED
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
