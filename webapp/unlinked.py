"""What keeps patients' data from getting an address."""

from typing import Any, NoReturn

from django.core.exceptions import SuspiciousFileOperation


class NeverGivesUrl:
    """Refuses `.url()`: objects with patients' data are read by the server and shown to whoever may see them."""

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> NoReturn:
        raise SuspiciousFileOperation("This storage holds patients' data and never gives a URL.")
