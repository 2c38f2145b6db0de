"""Parts of a file, for downloads that go on where they stopped (RFC 9110, section 14)."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

_ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")  # no file is larger
_CHUNK = 64 * 1024


def file_response(file: Any, size: int, asked: str, *, filename: str, media_type: str) -> HttpResponseBase:
    """A file as a download: whole, or the one range that was asked for.

    Args:
        file: opened for reading, at its start; the response closes it.
        size: in bytes.
        asked: the request's Range header; several ranges, and what is no range, are answered with the whole.
        filename: under which a browser saves it.
        media_type: its type.
    """
    found = _ONE_RANGE.fullmatch(asked.strip())
    part = _part(found[1], found[2], size) if found and found.group() != "bytes=-" else range(size)
    response: HttpResponseBase
    if not part and size:
        file.close()
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return response
    if len(part) == size:
        response = FileResponse(file, content_type=media_type)
    else:
        response = StreamingHttpResponse(_pieces(file, part), status=206, content_type=media_type)
        response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    response["Content-Length"] = str(len(part))
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Accept-Ranges"] = "bytes"
    return response


def _part(first: str, last: str, size: int) -> range:
    if not first:  # the last so many bytes
        return range(max(size - int(last), 0), size)
    end = min(int(last) + 1, size) if last else size
    return range(int(first), end)


def _pieces(file: BinaryIO, part: range) -> Iterator[bytes]:
    with file:
        file.seek(part.start)
        left = len(part)
        while left and (piece := file.read(min(left, _CHUNK))):
            left -= len(piece)
            yield piece
