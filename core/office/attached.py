"""The record that is attached to a PDF, as a reader of PDFs finds it."""

from __future__ import annotations

import io

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from core.errors import RefusedError
from core.model.refusals import refusal


def attached_record(pages: bytes, name: str) -> bytes:
    """The one file that is attached.

    Args:
        pages: a PDF whose seal holds; nothing else is parsed.
        name: of the attachment.

    Raises:
        RefusedError: it is no PDF, or something else than this one file is attached.
    """
    try:
        attached = PdfReader(io.BytesIO(pages), strict=True).attachments
        found = [(one, content) for one in attached for content in attached[one]]
    except (PyPdfError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise RefusedError(refusal("pages_without_record", detail=error)) from error
    if [one for one, _ in found] != [name]:
        raise RefusedError(refusal("pages_without_record", detail=f"{len(found)} files are attached"))
    return found[0][1]
