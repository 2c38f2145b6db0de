"""The job that makes a set. Each share of it looks at what is there, does the next part, and stores how far it came.

Train, draw, examine, judge: the generator never sees the records that are held out, and the gate sees both. The stage,
the passport and the audit event are one transaction that only the job's current attempt can commit.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from django.utils import timezone

from accounts import audit
from accounts.models import Action
from jobs.errors import MoreToDo, UserFacingJobError
from jobs.services import ClaimedJob
from ml.gan.generator_file import GENERATOR, TrainedGenerator
from synthesis.making import pictures, tables
from synthesis.making.examination import Examined, examine_pictures, examine_table
from synthesis.making.workspace import Workspace, forget_work
from synthesis.models import Kind, Stage, SyntheticSet
from synthesis.publishing.samples import store_table, stored_table
from synthesis.records.store import DamagedRecords

SAMPLED = "sampled"  # an empty file that says: the records are drawn and stored


def make(job: ClaimedJob) -> None:
    """Does the next share of the making of the job's set."""
    synthetic_set = SyntheticSet.objects.select_related("source", "institution").get(public_id=job.subject_id)
    if synthetic_set.stage != Stage.MAKING:
        forget_work(synthetic_set)  # of an attempt that ended between its last two steps
        return
    if not synthetic_set.source.may_be_ordered_from:
        raise UserFacingJobError(
            "source_withdrawn",
            "The source was withdrawn, so nothing is made from it any more. Withdraw the order, which deletes what was "
            "made so far, and order from another source.",
        )
    with TemporaryDirectory(prefix="lobule-making-") as folder:
        workspace = Workspace(job, synthetic_set, Path(folder))
        share = _share_of_a_table if synthetic_set.kind == Kind.FNA else _share_of_pictures
        try:
            examined = share(job, synthetic_set, workspace)
        except DamagedRecords as error:
            raise UserFacingJobError(
                "source_damaged",
                "The source's records are missing or damaged, so nothing can be made from them. Ask an administrator "
                "to add the source again.",
            ) from error
        _conclude(job, synthetic_set, examined)
    forget_work(synthetic_set)


def _share_of_pictures(job: ClaimedJob, synthetic_set: SyntheticSet, workspace: Workspace) -> Examined:
    division = pictures.division_of(synthetic_set)
    if not workspace.has(*pictures.GENERATOR_FILES):
        pictures.train_a_share(job, synthetic_set, workspace, division)
        raise MoreToDo
    generator = TrainedGenerator.load(workspace.folder / GENERATOR)
    if not workspace.has(SAMPLED):
        pictures.sample(job, synthetic_set, generator, division.train)
        _mark_sampled(workspace)
        raise MoreToDo
    return examine_pictures(job, synthetic_set, generator, division)


def _share_of_a_table(job: ClaimedJob, synthetic_set: SyntheticSet, workspace: Workspace) -> Examined:
    division = tables.division_of(synthetic_set)
    generator = tables.trained(job, synthetic_set, workspace, division)
    if not workspace.has(SAMPLED):
        store_table(synthetic_set, *tables.sample(synthetic_set, generator))
        _mark_sampled(workspace)
        raise MoreToDo
    return examine_table(job, synthetic_set, generator, division, stored_table(synthetic_set))


def _mark_sampled(workspace: Workspace) -> None:
    (workspace.folder / SAMPLED).write_bytes(b"\n")
    workspace.keep([SAMPLED], note="Drawn; the examination follows.")


def _conclude(job: ClaimedJob, synthetic_set: SyntheticSet, examined: Examined) -> None:
    if synthetic_set.epsilon is not None and examined.passport.provenance.privacy is None:
        raise UserFacingJobError(
            "guarantee_not_kept",
            "The set was ordered with a privacy guarantee, and its generator was trained without one. Order it again; "
            "if this comes again, tell your administrator.",
        )
    verdict = examined.verdict
    stage = Stage.AWAITING_APPROVAL if verdict.releasable else Stage.BLOCKED
    reasons = verdict.as_dict()["reasons"]
    with job.writing():
        SyntheticSet.objects.filter(pk=synthetic_set.pk).update(
            stage=stage,
            passport=examined.passport.as_dict(),
            reasons=reasons,
            weights_sha256=examined.passport.provenance.weights_sha256,
            gallery=examined.gallery,
            summary=examined.summary,
            made_at=timezone.now(),
        )
        audit.record(
            Action.EXAMINE_SET,
            object_type="synthetic-set",
            object_id=synthetic_set.public_id,
            purpose="research",
            detail={"stage": str(stage), "reasons": [reason["code"] for reason in reasons]},
        )
