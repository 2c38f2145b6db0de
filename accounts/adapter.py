"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignUpAdapter(DefaultAccountAdapter):
    """Nobody signs up: an institution's administrator makes accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
