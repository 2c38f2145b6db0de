"""The job that publishes a set once it was approved: pack, upload, and only then show it to anybody."""

from django.utils import timezone

from accounts import audit
from accounts.models import Action
from jobs.errors import CancelRequested, LeaseLost, UserFacingJobError
from jobs.services import ClaimedJob
from ml.packaging import ChangedMeanwhile, Manifest, SetDescription, package_images, package_table
from synthesis.models import Kind, PublishedFile, SourceDataset, Stage, SyntheticSet
from synthesis.publishing.description import describe
from synthesis.publishing.samples import StoredSamples, delete_samples, stored_table
from synthesis.publishing.services import remove_published
from synthesis.publishing.sink import PublishingSink
from synthesis.publishing.store import folder_of, release_storage
from synthesis.publishing.thumbnails import write_thumbnails


def publish(job: ClaimedJob) -> None:
    """Does the next share of publishing the job's set; the last one makes it visible.

    An attempt that was cut off is taken up where it stopped. One that is cancelled takes back what it uploaded.
    """
    synthetic_set = SyntheticSet.objects.select_related("source", "institution").get(public_id=job.subject_id)
    if synthetic_set.stage == Stage.PUBLISHING:
        release_storage().tidy(folder_of(synthetic_set))
        sink = PublishingSink(job, synthetic_set)
        try:
            _check_source(synthetic_set.source)
            _pack(synthetic_set, describe(synthetic_set), sink)
            _conclude(job, synthetic_set, sink)
        except (CancelRequested, ChangedMeanwhile, UserFacingJobError):
            # Changed: another release of this program began it. The next attempt uploads everything anew.
            _take_back(job, synthetic_set)
            raise
        except FileNotFoundError as error:
            _take_back(job, synthetic_set)
            raise UserFacingJobError(
                "records_missing",
                "The set's records are not in the store any more, so that there is nothing to publish. Withdraw the "
                "set and order it again.",
            ) from error
    delete_samples(synthetic_set)


def _check_source(source: SourceDataset) -> None:
    if not source.may_be_ordered_from:
        raise UserFacingJobError(
            "source_withdrawn",
            "The source was withdrawn, so nothing made from it is published any more. Withdraw the set.",
        )


def _take_back(job: ClaimedJob, synthetic_set: SyntheticSet) -> None:
    """Removes what was uploaded.

    Raises:
        LeaseLost: another attempt has taken over: what lies there now is that one's, and may be published already.
    """
    if not job.extend_lease():
        raise LeaseLost(f"Job {job.public_id}: attempt {job.attempt} may not take back what another one uploads.")
    remove_published(synthetic_set)


def _pack(synthetic_set: SyntheticSet, description: SetDescription, sink: PublishingSink) -> Manifest:
    if synthetic_set.kind == Kind.FNA:
        return package_table(description, *stored_table(synthetic_set), sink)
    samples = StoredSamples(synthetic_set)
    write_thumbnails(description, samples, sink)
    return package_images(description, samples, sink, sink.progress)


def _conclude(job: ClaimedJob, synthetic_set: SyntheticSet, sink: PublishingSink) -> None:
    sink.flush()
    with job.writing(done=job.progress_total):
        # Locked, so that a withdrawal at the same moment comes before or after.
        _check_source(SourceDataset.objects.select_for_update().get(pk=synthetic_set.source_id))
        sizes = PublishedFile.objects.filter(set=synthetic_set).values_list("bytes", flat=True)
        size, count = sum(sizes), len(sizes)
        published = SyntheticSet.objects.filter(pk=synthetic_set.pk, stage=Stage.PUBLISHING).update(
            stage=Stage.PUBLISHED, published_at=timezone.now(), bytes=size
        )
        if published:
            audit.record(
                Action.PUBLISH_SET,
                object_type="synthetic-set",
                object_id=synthetic_set.public_id,
                purpose="research",
                detail={"files": count, "bytes": size, "audience": synthetic_set.audience},
            )
