"""The audit trail: writing it.

`record` is called inside the transaction that does, or shows, the thing recorded: either both hold or neither.
Who acts, from where and in which request stands in a context that the web middleware or the worker sets.
"""

from accounts.audit.context import AuditContext, acting, context_for, current, ip_of, serving
from accounts.audit.recording import noting_denials, record, record_each

__all__ = [
    "AuditContext",
    "acting",
    "context_for",
    "current",
    "ip_of",
    "noting_denials",
    "record",
    "record_each",
    "serving",
]
