"""Which of this app's rows leave a history: what was released, ordered, decided and taken.

Left out: figures, grids and files, which are added once and never changed.
"""

from accounts.history import track
from synthesis.models import Download, SourceDataset, SyntheticSet

track(SourceDataset, digested=("problems",))
track(SyntheticSet, digested=("passport", "gallery", "summary"), ignored=("work",))
track(Download)
