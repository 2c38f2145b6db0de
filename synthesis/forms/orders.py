"""What a researcher fills in to order a synthetic set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from accounts.errors import DomainError
from synthesis.architectures import ARCHITECTURES, architectures_for
from synthesis.digits import significant
from synthesis.forms.words import (
    ARCHITECTURE_WORDS,
    EFFORT_WORDS,
    NO_BUDGET,
    PRIVACY_TITLES,
    RECOMMENDED,
    Choice,
    architecture_title,
    privacy_words,
)
from synthesis.models import Kind, SourceDataset, SyntheticSet
from synthesis.services.orders import DELTA, LICENCE, SIZES, Order

MOST_OF_A_CLASS = 50_000
LARGEST_SEED = 2**31 - 1
LICENCES = [
    ("CC-BY-4.0", "CC BY 4.0: free to use, with attribution"),
    ("CC0-1.0", "CC0 1.0: free to use, without conditions"),
    ("CC-BY-SA-4.0", "CC BY-SA 4.0: with attribution, and passed on under the same terms"),
    ("CC-BY-NC-4.0", "CC BY-NC 4.0: with attribution, for non-commercial use"),
]
# Names of an order's fields that the form calls otherwise.
FIELD_OF = {"epsilon": "privacy", "replaces": "title"}


@dataclass(frozen=True)
class Card:
    """A radio button with what choosing it means."""

    id: str
    value: str
    words: Choice
    addition: str
    is_chosen: bool

    @property
    def colour(self) -> str:
        """Of its mark: a recommendation or a warning."""
        return "green" if self.words.mark == RECOMMENDED else "orange"


class OrderForm(forms.Form):
    """An order from one source: the kind of data, the classes and the generators follow from it."""

    title = forms.CharField(
        label="Title",
        max_length=120,
        help_text="Colleagues find the set by it, for example “Ultrasound for classroom use”.",
        error_messages={"required": "Give the set a title."},
    )
    size = forms.TypedChoiceField(
        label="Size of the pictures",
        coerce=int,
        choices=[(size, f"{size} × {size} pixels") for size in SIZES],
        initial=SIZES[0],
        widget=forms.RadioSelect,
        help_text="Larger pictures take about four times as long.",
        error_messages={"required": "Choose a size."},
    )
    architecture = forms.ChoiceField(
        label="Generator",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a generator; the first one is the usual choice."},
    )
    effort = forms.ChoiceField(
        label="Effort",
        choices=[(name, words.title) for name, words in EFFORT_WORDS.items()],
        initial="standard",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how long it may train."},
    )
    privacy = forms.ChoiceField(
        label="Guarantee",
        choices=list(PRIVACY_TITLES.items()),
        initial=NO_BUDGET,
        widget=forms.RadioSelect,
        help_text="Differential privacy limits what anyone can learn about a single patient from the set, however "
        "clever they are and whatever else they know. The smaller ε is, the more it protects and the more it costs.",
        error_messages={"required": "Choose a guarantee, or none."},
    )
    licence = forms.ChoiceField(
        label="Licence of the set",
        help_text="What those who download it may do with it. It must fit the terms of the source.",
        error_messages={"required": "Choose a licence."},
    )
    seed = forms.IntegerField(
        label="Seed",
        required=False,
        min_value=0,
        max_value=LARGEST_SEED,
        help_text="The same seed and order give the same set again; with a guarantee only nearly, as some noise is "
        "secret. Leave it empty to have one drawn.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "Enter a whole number, or leave it empty."},
    )
    visible_mark = forms.BooleanField(
        label="Write SYNTHETIC on every picture",
        required=False,
        help_text="A mark that everybody sees, for teaching and talks. The files say that they are synthetic anyhow.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        source: SourceDataset,
        replaces: SyntheticSet | None = None,
    ) -> None:
        super().__init__(data, initial=_again(replaces) if replaces else None)
        self.source = source
        self.replaces = replaces
        if source.kind != Kind.IMAGE:
            del self.fields["size"]
            del self.fields["visible_mark"]
        able = architectures_for(source.kind)
        self.fields["architecture"].choices = [(one.name, architecture_title(one.name)) for one in able]  # type: ignore[attr-defined]
        self.fields["architecture"].initial = able[0].name
        if not self.private_generators:
            # What nothing can keep is not offered.
            self.fields["privacy"].choices = [(NO_BUDGET, PRIVACY_TITLES[NO_BUDGET])]  # type: ignore[attr-defined]
        self.fields["licence"].choices = _licences(source.licence)  # type: ignore[attr-defined]
        self.fields["licence"].initial = LICENCE
        for name in source.classes:
            self.fields[f"count_{name}"] = forms.IntegerField(
                label=name.capitalize(),
                min_value=0,
                max_value=MOST_OF_A_CLASS,
                initial=(replaces.counts.get(name, 0) if replaces else source.counts[name]),
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
                error_messages={
                    "required": "Enter a number, 0 for none.",
                    "invalid": "Enter a whole number, such as 500.",
                    "max_value": f"At most {MOST_OF_A_CLASS:,}.",
                    "min_value": "A count is not negative.",
                },
            )

    @property
    def count_fields(self) -> list[forms.BoundField]:
        """How many of each class."""
        return [self[f"count_{name}"] for name in self.source.classes]

    @property
    def beginning(self) -> dict[str, Any]:
        """What a fresh form holds, as it would be sent."""
        return {name: self.get_initial_for_field(field, name) for name, field in self.fields.items()}

    @property
    def architecture_cards(self) -> list[Card]:
        """The generators for this kind of data, the recommended one first."""
        private = "Can be trained with a guarantee (below)."
        images = self.source.kind == Kind.IMAGE
        return self._cards(
            "architecture",
            {name: ARCHITECTURE_WORDS.get(name, Choice(name, "")) for name, _ in self.fields["architecture"].choices},  # type: ignore[attr-defined]
            lambda name: private if images and ARCHITECTURES[name].can_be_private else "",
        )

    @property
    def effort_cards(self) -> list[Card]:
        """How long to train."""
        return self._cards("effort", EFFORT_WORDS)

    @property
    def privacy_cards(self) -> list[Card]:
        """What is promised to the patients."""
        offered = [name for name, _ in self.fields["privacy"].choices]  # type: ignore[attr-defined]
        words = privacy_words(self.source.kind, self._protected)
        return self._cards("privacy", {name: words[name] for name in offered})

    @property
    def private_generators(self) -> list[str]:
        """The generators for this kind of data that can keep a guarantee."""
        return [architecture_title(one.name) for one in architectures_for(self.source.kind) if one.can_be_private]

    @property
    def delta_words(self) -> str:
        """What δ is, and which generators keep a guarantee at all."""
        if not self.private_generators:
            return "No generator for this kind of data can be trained with a guarantee here."
        return (
            f"With a guarantee, δ = {significant(DELTA, 2)}: the chance that the promise fails. It holds for each "
            f"{self._protected} of the source. Generators that can keep it here: {', '.join(self.private_generators)}."
        )

    @property
    def has_advanced_errors(self) -> bool:
        """Whether something is wrong in the part that is folded away."""
        return any(name in self.errors for name in ("seed", "visible_mark"))

    @property
    def total(self) -> int:
        """Records ordered in all, as far as the counts can be read."""
        cleaned = getattr(self, "cleaned_data", {})
        return sum(cleaned.get(f"count_{name}") or 0 for name in self.source.classes)

    def clean(self) -> dict[str, Any]:
        """A guarantee needs a generator that can keep it; some record has to be ordered."""
        cleaned = super().clean() or {}
        architecture = ARCHITECTURES.get(cleaned.get("architecture", ""))
        if architecture and cleaned.get("privacy", NO_BUDGET) != NO_BUDGET and not architecture.can_be_private:
            self.add_error(
                "privacy",
                f"{architecture_title(architecture.name)} cannot be trained with a guarantee. "
                f"Choose {' or '.join(self.private_generators)} above, or no formal guarantee.",
            )
        counts = [f"count_{name}" for name in self.source.classes]
        if not any(name in self.errors for name in counts) and not any(cleaned.get(name) for name in counts):
            self.add_error(counts[0], "Order at least one record of some class.")
        return cleaned

    def order(self) -> Order:
        """What was filled in, for the service. Only a valid form has one."""
        told = self.cleaned_data
        return Order(
            title=told.get("title") or "",
            architecture=told["architecture"],
            counts={name: told[f"count_{name}"] for name in self.source.classes},
            size=told.get("size"),
            effort=told["effort"],
            epsilon=None if told["privacy"] == NO_BUDGET else float(told["privacy"]),
            seed=told.get("seed"),
            visible_mark=told.get("visible_mark", False),
            licence=told.get("licence") or LICENCE,
            replaces=self.replaces,
        )

    def add_problems(self, error: DomainError) -> None:
        """Puts what the service found wrong beside the fields."""
        for problem in error.problems or [{"field": None, "message": str(error)}]:
            field = FIELD_OF.get(str(problem["field"]), problem["field"])
            if field == "counts":
                field = f"count_{self.source.classes[0]}"
            self.add_error(field if field in self.fields else None, problem["message"])

    @property
    def _protected(self) -> str:
        """Whom a guarantee holds for: a patient where the source says which records are whose."""
        if self.source.patients:
            return "patient"
        return "picture" if self.source.kind == Kind.IMAGE else "row"

    def _cards(self, name: str, words: Mapping[str, Choice], addition: Any = lambda _: "") -> list[Card]:
        bound = self[name]
        chosen = str(bound.value() or "")
        return [
            Card(f"{bound.auto_id}_{place}", value, one, addition(value), value == chosen)
            for place, (value, one) in enumerate(words.items())
        ]


def _licences(of_the_source: str) -> list[tuple[str, str]]:
    """The usual ones; the source's own first where it is another."""
    known = {value for value, _ in LICENCES}
    own = [] if of_the_source in known or not of_the_source else [(of_the_source, f"As the source: {of_the_source}")]
    return [*LICENCES, *own]


def _again(order: SyntheticSet) -> dict[str, Any]:
    """What a new version begins with: the order that it replaces."""
    return {
        "title": order.title,
        "size": order.size,
        "architecture": order.architecture,
        "effort": order.effort,
        "privacy": NO_BUDGET if order.epsilon is None else f"{order.epsilon:g}",
        "licence": order.licence,
        "visible_mark": order.visible_mark,
    }
