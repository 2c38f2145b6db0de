"""What the choices of an order mean, in a researcher's words."""

from dataclasses import dataclass
from math import exp

from synthesis.models import Kind, Stage

RECOMMENDED = "Usual choice"


@dataclass(frozen=True)
class Choice:
    """One of several: its title, what it means, and a short mark, such as a recommendation."""

    title: str
    text: str
    mark: str = ""


STAGE_WORDS: dict[Stage, str] = {
    Stage.MAKING: "Being made",
    Stage.BLOCKED: "Blocked",
    Stage.AWAITING_APPROVAL: "Waiting for approval",
    Stage.PUBLISHING: "Being published",
    Stage.PUBLISHED: "Published",
    Stage.REJECTED: "Rejected",
    Stage.WITHDRAWN: "Withdrawn",
}
# The first of each kind is the one to take when in doubt.
ARCHITECTURE_WORDS: dict[str, Choice] = {
    "optimized-cgan": Choice(
        "Optimized CGAN",
        "One network learns all classes together and draws the class you ask for. It makes the most of few pictures "
        "and stops by itself when quality no longer rises.",
        RECOMMENDED,
    ),
    "stylegan": Choice(
        "StyleGAN-type",
        "Builds each picture from coarse shape to fine texture. Slower; try it where the usual choice looks flat.",
    ),
    "optimized-dcgan": Choice(
        "Optimized DCGAN",
        "A separate network for each class, with the improvements of the usual choice. For classes that share little.",
    ),
    "cgan": Choice("CGAN", "The plain conditional recipe of the literature. For comparisons with published work."),
    "dcgan": Choice("DCGAN", "The plain recipe of the literature, one network for each class. For comparisons."),
    "cyclegan": Choice(
        "CycleGAN",
        "Redraws pictures of one class as another. Each output is derived from a patient’s picture: de-identified at "
        "best, never call it anonymous.",
        "Derived from patients",
    ),
    "tabular-gan": Choice(
        "Conditional GAN for tables",
        "Learns the 30 measurements of each class together and keeps what belongs together, such as radius, perimeter "
        "and area.",
        RECOMMENDED,
    ),
}
EFFORT_WORDS: dict[str, Choice] = {
    "quick": Choice("Quick look", "Shows whether the source is good for anything. Not meant to be published."),
    "standard": Choice("Standard", "Enough for most uses.", RECOMMENDED),
    "thorough": Choice("Thorough", "Trains several times as long; the last bit of quality."),
}
NO_BUDGET = "none"


def architecture_title(name: str) -> str:
    """The architecture's name as people write it."""
    return ARCHITECTURE_WORDS[name].title if name in ARCHITECTURE_WORDS else name


def odds_factor(epsilon: float) -> str:
    """By how much a budget lets the odds of a guess about one patient grow: e to the epsilon, two digits."""
    factor = exp(epsilon)
    return f"{factor:.1f}" if factor < 10 else f"{float(f'{factor:.1e}'):,.0f}"


# What the firm and the strict guarantee cost, by the kind of data.
_COSTS = {
    Kind.IMAGE: ("Pictures become coarse.", "Pictures are hardly usable."),
    Kind.FNA: ("Tables stay useful.", "Tables lose their finer relations; a quick look is not enough for it."),
}


def privacy_words(kind: str, protected: str) -> dict[str, Choice]:
    """What each guarantee means for data of this kind; `protected` is what it holds for, such as "patient"."""
    firm, strict = _COSTS[Kind(kind)]
    return {
        NO_BUDGET: Choice(
            "No formal guarantee",
            "Best quality. The finished set is still searched for copies and attacked before anyone may release it, "
            "but nothing is proven.",
        ),
        "8": Choice(
            "ε = 8, loose",
            f"Proven: whoever studies the set can raise their odds that a given {protected} was in the source at most "
            f"{odds_factor(8)}-fold. Quality falls visibly.",
        ),
        "3": Choice("ε = 3, firm", f"Proven: at most {odds_factor(3)}-fold. {firm}"),
        "1": Choice("ε = 1, strict", f"Proven: at most {odds_factor(1)}-fold. {strict}"),
    }


PRIVACY_TITLES = {value: words.title for value, words in privacy_words(Kind.IMAGE, "patient").items()}
