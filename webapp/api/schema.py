"""What the OpenAPI schema says about tokens: how they are sent, and which scope each operation needs."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from accounts.permissions import HasRole

SCOPE = "x-scope"


class ScopedAutoSchema(AutoSchema):
    """drf-spectacular's schema of a view, with the scope that a token needs, for machines and for people."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """The operation, or nothing where the view is left out of the schema."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        scope = self._scope()
        if operation is not None and scope:
            operation[SCOPE] = scope
            operation["description"] = f"{operation.get('description', '')}\n\n{said(scope)}".strip()
        return operation

    def _scope(self) -> str | None:
        guards = [permission for permission in self.view.get_permissions() if isinstance(permission, HasRole)]
        return next((guard.scope_for(self.method) for guard in guards), None)


def said(scope: str) -> str:
    """How an operation's description ends."""
    return f"A token needs the scope `{scope}`."


class TokenScheme(OpenApiAuthenticationExtension):
    """How a token is sent."""

    target_class = "accounts.sign_in.tokens.TokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """OpenAPI's security scheme object."""
        return {"type": "http", "scheme": "bearer", "description": "Make one under Your account, or at /auth/token/."}
