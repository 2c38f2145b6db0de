"""Events as FHIR R4 AuditEvent resources, coded as IHE's Basic Audit Log Patterns (BALP) does.

Types and entity roles: DICOM PS3.16 CID 400-405 and http://terminology.hl7.org/CodeSystem/object-role; purposes: HL7
v3 ActReason. A patient is an identifier, never a reference to a resource that this site does not serve.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from accounts.models import Action, AuditEvent, Outcome

DCM = "http://dicom.nema.org/resources/ontology/DCM"
AUDIT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
BALP_ENTITY_TYPE = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
UUID_SYSTEM = "urn:ietf:rfc:3986"

# action: (DICOM's event type, its words, C R U D E)
_AUTHENTICATION = ("110114", "User Authentication", "E")
_SECURITY = ("110113", "Security Alert", "E")
_APPLICATION = ("110100", "Application Activity", "E")
_USER_SECURITY = ("110137", "User Security Attributes Changed", "U")
TYPES: dict[str, tuple[str, str, str]] = {
    Action.SIGN_IN: _AUTHENTICATION,
    Action.SIGN_OUT: _AUTHENTICATION,
    Action.SIGN_IN_FAILED: _AUTHENTICATION,
    Action.VIEW: ("110110", "Patient Record", "R"),
    Action.SEARCH: ("110112", "Query", "E"),
    Action.UPLOAD: ("110107", "Import", "C"),
    Action.DOWNLOAD: ("110106", "Export", "R"),
    Action.EXPORT: ("110106", "Export", "R"),
    Action.PREDICT: ("110110", "Patient Record", "C"),
    Action.ANNOTATE: ("110110", "Patient Record", "U"),
    Action.REVIEW: ("110110", "Patient Record", "U"),
    Action.ADD_USER: _USER_SECURITY,
    Action.CHANGE_SETTINGS: ("110131", "Software Configuration", "U"),
    Action.DENIED: _SECURITY,
}
SUBTYPES = {Action.SIGN_IN: ("110122", "Login"), Action.SIGN_OUT: ("110123", "Logout")}
PURPOSES = {
    "treatment": ("TREAT", "treatment"),
    "emergency": ("BTG", "break the glass"),
    "audit": ("HCOMPL", "health compliance"),
    "administration": ("HOPERAT", "healthcare operations"),
    "quality": ("HQUALIMP", "health quality improvement"),
    "research": ("HRESCH", "healthcare research"),
}


def fhir_lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    """A resource a line (NDJSON, as FHIR's bulk data has it)."""
    return (json.dumps(as_fhir(event)) + "\n" for event in events)


def as_fhir(event: AuditEvent) -> dict[str, Any]:
    """The event as an AuditEvent resource."""
    code, words, crude = TYPES.get(event.action, _APPLICATION)
    resource: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(event.public_id),
        "type": _coding(DCM, code, words),
        "subtype": [_subtype(event)],
        "action": crude,
        "recorded": event.at.isoformat(),
        "outcome": "0" if event.outcome == Outcome.SUCCESS else "4",
        "agent": [_agent(event)],
        "source": {
            "site": event.institution or "Lobule",
            "observer": {"display": "Lobule"},
            "type": [_coding(SOURCE_TYPE, "4", "Application Server")],
        },
    }
    if event.purpose in PURPOSES:
        resource["purposeOfEvent"] = [{"coding": [_coding(ACT_REASON, *PURPOSES[event.purpose])]}]
    if entities := list(_entities(event)):
        resource["entity"] = entities
    return resource


def _subtype(event: AuditEvent) -> dict[str, str]:
    if event.action in SUBTYPES:
        return _coding(DCM, *SUBTYPES[Action(event.action)])
    return _coding("urn:lobule:audit-action", event.action, event.action_words)


def _agent(event: AuditEvent) -> dict[str, Any]:
    agent: dict[str, Any] = {
        "type": {"coding": [_coding(DCM, "110153", "Source Role ID")]},
        "who": {"display": event.actor or "anonymous"},
        "requestor": True,
    }
    if event.actor_id_text:
        agent["who"]["identifier"] = _uuid_identifier(event.actor_id_text)
    if event.role:
        agent["role"] = [{"text": event.role}]
    if event.ip:
        agent["network"] = {"address": event.ip, "type": "2"}
    return agent


def _entities(event: AuditEvent) -> Iterator[dict[str, Any]]:
    if event.patient_pseudonym:
        yield {
            "what": {"identifier": _uuid_identifier(event.patient_pseudonym)},
            "type": _coding(ENTITY_TYPE, "1", "Person"),
            "role": _coding(ENTITY_ROLE, "1", "Patient"),
        }
    if event.object_type or event.object_id_text or event.detail:
        yield _object(event)
    if event.request_id:
        yield {
            "what": {"identifier": {"value": event.request_id}},
            "type": _coding(BALP_ENTITY_TYPE, "XrequestId", "X-Request-Id"),
        }


def _object(event: AuditEvent) -> dict[str, Any]:
    is_query = event.action == Action.SEARCH
    entity: dict[str, Any] = {
        "type": _coding(ENTITY_TYPE, "2", "System Object"),
        "role": _coding(ENTITY_ROLE, "24", "Query") if is_query else _coding(ENTITY_ROLE, "4", "Domain Resource"),
    }
    if event.object_id_text:
        entity["what"] = {"identifier": {"value": event.object_id_text}}
    if event.object_type:
        # R4 allows a name or a query, not both (constraint sev-1).
        entity["description"] = event.object_type
    if is_query and event.detail:
        entity["query"] = base64.b64encode(json.dumps(event.detail, sort_keys=True).encode()).decode()
    elif event.detail:
        entity["detail"] = [
            {"type": name, "valueString": _text(value)} for name, value in sorted(event.detail.items()) if _text(value)
        ]
    return entity


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _uuid_identifier(value: str) -> dict[str, str]:
    return {"system": UUID_SYSTEM, "value": f"urn:uuid:{value}"}


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}
