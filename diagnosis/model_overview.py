"""What reads each modality at an institution, as the model pages show it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Institution, User
from diagnosis.models import InstalledModel, ModelActivation
from diagnosis.services.models import FNA, decision_in_force, has_model, model_in_force

# Always shown, with or without a model: a reader is to know what is not read as well.
TITLES: Mapping[str, str] = {FNA: "Fine-needle aspirates", "US": "Ultrasound", "MG": "Mammography"}
IN_A_SENTENCE: Mapping[str, str] = {FNA: "fine-needle aspirates", "US": "ultrasound", "MG": "mammography"}


@dataclass(frozen=True)
class ModalityOverview:
    """One modality: who answers, by whose decision, what waits, what else is installed."""

    modality: str
    title: str
    in_a_sentence: str
    in_force: InstalledModel | None
    decision: ModelActivation | None
    pending: ModelActivation | None
    others: tuple[InstalledModel, ...]
    installs_itself: bool


def overview(institution: Institution) -> list[ModalityOverview]:
    """Every modality that has a model here, and those that people ask for."""
    installed = list(InstalledModel.objects.all())
    modalities = dict.fromkeys([*TITLES, *sorted({model.modality for model in installed})])
    return [_of(modality, institution, installed) for modality in modalities]


def _of(modality: str, institution: Institution, installed: list[InstalledModel]) -> ModalityOverview:
    in_force = model_in_force(modality, institution)
    return ModalityOverview(
        modality=modality,
        title=TITLES.get(modality, modality),
        in_a_sentence=IN_A_SENTENCE.get(modality, modality),
        in_force=in_force,
        decision=decision_in_force(modality, institution),
        pending=pending(institution, modality).first(),
        others=tuple(model for model in installed if model.modality == modality and model != in_force),
        installs_itself=in_force is None and has_model(modality, institution),
    )


def pending(institution: Institution, modality: str = "") -> QuerySet[ModelActivation]:
    """Proposals that wait for their second person, for one modality or for all."""
    waiting = ModelActivation.objects.filter(institution=institution, decision=ModelActivation.Decision.PENDING)
    if modality:
        waiting = waiting.filter(modality=modality)
    return waiting.select_related("model", "proposed_by", "institution")


def activations(user: User) -> QuerySet[ModelActivation]:
    """The institution's proposals and decisions, newest first."""
    rows = ModelActivation.objects.visible_to(user)
    return rows.select_related("model", "proposed_by", "decided_by", "institution", "rehearsal__job")
