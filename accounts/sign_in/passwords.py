"""Passwords that are easy to guess here: the site's own name, the institution's, the person's (NIST SP 800-63B)."""

import re
from collections.abc import Iterable, Iterator

from django.contrib.auth.password_validation import CommonPasswordValidator, MinimumLengthValidator
from django.core.exceptions import ValidationError

from accounts.models import User

SITE_WORDS = ("lobule", "hospital", "breast", "clinic", "password")
SHORTEST_WORD = 4
LEAST_BESIDE = 8
LEAST_DIFFERENT = 5
_LOOKALIKES = str.maketrans("013457@$!", "oieastasi")


class LengthValidator(MinimumLengthValidator):
    """Twelve characters or more, however long; no kind of character is asked for."""

    def __init__(self) -> None:
        super().__init__(min_length=12)

    def get_help_text(self) -> str:
        """What the form says."""
        return "At least 12 characters. Three or four words that do not belong together are easy to remember."


class NotCommonValidator(CommonPasswordValidator):
    """None of the twenty thousand passwords that people choose most."""

    def get_help_text(self) -> str:
        """What the form says."""
        return "Not one that many people have, such as password1234."


class ContextWordValidator:
    """Refuses a password that is little more than words anybody would try here first."""

    def __init__(self) -> None:
        self.common = CommonPasswordValidator()

    def validate(self, password: str, user: User | None = None) -> None:
        """
        Raises:
            ValidationError: beside such words fewer than 8 characters remain, or only digits or a common password.
        """
        if len(set(password)) < LEAST_DIFFERENT:
            raise ValidationError("This password repeats too few characters.", code="password_repeats")
        rest = _without(password.casefold(), sorted(_words_about(user), key=len, reverse=True))
        if rest is None:
            return
        if len(rest) < LEAST_BESIDE or rest.isdigit() or rest in self.common.passwords:
            raise ValidationError(
                "This password is mostly a name or a word that is known here: Lobule, your institution, your own name "
                "or e-mail address. Choose words that have nothing to do with your work.",
                code="password_context_word",
            )

    def get_help_text(self) -> str:
        """What the form says."""
        return "Leave out your name, your institution’s and Lobule’s: those are guessed first."


def _words_about(user: User | None) -> Iterator[str]:
    yield from SITE_WORDS
    if user is None:
        return
    texts = [user.full_name, user.email]
    if user.institution_id:
        texts.append(user.institution.name)
    for text in texts:
        yield from (word for word in re.split(r"[\W\d_]+", text.casefold()) if len(word) >= SHORTEST_WORD)


def _without(password: str, words: Iterable[str]) -> str | None:
    """What the password holds beside the words, letters and digits only; nothing when it holds none of them.

    Digits and signs that stand for letters (`L0bul3`) are read as those letters; a translation keeps every position.
    """
    read = password.translate(_LOOKALIKES)
    kept = [True] * len(read)
    for word in words:
        for spelled in (password, read):
            for match in re.finditer(re.escape(word), spelled):
                kept[match.start() : match.end()] = [False] * len(word)
    if all(kept):
        return None
    return "".join(char for char, keep in zip(password, kept, strict=True) if keep and char.isalnum())
