"""Which model answers at an institution."""

from accounts.models import Institution
from diagnosis.models import InstalledModel, ModelActivation
from diagnosis.services.models.installation import SHIPPED_MODALITIES, install_shipped_model


def active_model(modality: str, institution: Institution) -> InstalledModel | None:
    """The model that answers for the modality here; on a new site the shipped one, which is then installed.

    None where no model for the modality is installed. For workers: installing brings torch.
    """
    model = model_in_force(modality, institution)
    if model is None and modality in SHIPPED_MODALITIES:
        return install_shipped_model(modality)
    return model


def model_in_force(modality: str, institution: Institution) -> InstalledModel | None:
    """The institution's own choice, or else the site's default; installs nothing."""
    decision = decision_in_force(modality, institution)
    return decision.model if decision else InstalledModel.objects.filter(modality=modality, is_active=True).first()


def has_model(modality: str, institution: Institution) -> bool:
    """Whether a model will answer for the modality here. For web pages and requests: loads and installs nothing."""
    return modality in SHIPPED_MODALITIES or model_in_force(modality, institution) is not None


def decision_in_force(modality: str, institution: Institution) -> ModelActivation | None:
    """The newest activation that was approved here, or None where the site's default answers."""
    approved = ModelActivation.objects.filter(
        institution=institution, modality=modality, decision=ModelActivation.Decision.APPROVED
    )
    return approved.select_related("model", "proposed_by", "decided_by").order_by("-decided_at", "-pk").first()


def models_in_use() -> list[InstalledModel]:
    """Every model that answers somewhere on this site."""
    models = {model.pk: model for model in InstalledModel.objects.filter(is_active=True)}
    decided = ModelActivation.objects.filter(decision=ModelActivation.Decision.APPROVED)
    for institution in Institution.objects.filter(pk__in=decided.values("institution")):
        for modality in set(decided.filter(institution=institution).values_list("modality", flat=True)):
            model = model_in_force(modality, institution)
            if model is not None:
                models[model.pk] = model
    return list(models.values())
