"""CSV as a download."""

from django.http import HttpResponse


def csv_response(text: str, file_name: str) -> HttpResponse:
    """An attachment, with the byte order mark by which Excel knows UTF-8."""
    return HttpResponse(
        "\ufeff" + text,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{file_name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )
