"""From stored samples to stored answers: whole, once, resumable, replayable."""

import struct

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import User
from diagnosis.models import Case, FnaBatch, FnaSample, InstalledModel, Prediction
from diagnosis.scoring import CHUNK
from diagnosis.services import models as registry
from diagnosis.services.intake import SampleInput, import_fna_file, submit_fna_samples
from diagnosis.services.models import predictors
from diagnosis.services.replay import replay
from jobs import services as jobs
from jobs.models import Job, JobStatus
from jobs.runner import run
from ml.fna.digest import input_sha256
from ml.fna.predictor import FnaPredictor
from ml.fna.schema import FEATURE_NAMES
from tests.cast import csv_of, wdbc

pytestmark = pytest.mark.django_db


def submit(user: User, rows: list[list[float]]) -> FnaBatch:
    samples = [SampleInput(measurements=row) for row in rows]
    return submit_fna_samples(user=user, samples=samples, source=FnaBatch.Source.API)


def test_a_batch_is_answered_as_the_bare_model_answers(scored_batch: FnaBatch) -> None:
    rows, _ = wdbc()
    bare = FnaPredictor.load(None).predict(rows)
    stored = [sample.case.answer for sample in scored_batch.samples.all()]
    assert scored_batch.job.status == JobStatus.SUCCEEDED
    assert [answer.probability for answer in stored] == [answer.probability_malignant for answer in bare]
    assert [answer.status for answer in stored] == [answer.status for answer in bare]
    assert all(answer.seen_in_training for answer in stored)


def test_every_answer_stores_what_replays_it(scored_batch: FnaBatch) -> None:
    for answer in Prediction.objects.all():
        assert replay(answer) == []
        assert answer.weights_sha256 == FnaPredictor.load(None).weights_sha256
        assert answer.input_sha256 == input_sha256(answer.case.fna_sample.as_array())
        assert answer.provenance["torch"]


def test_replay_notices_one_changed_bit(scored_batch: FnaBatch) -> None:
    answer = Prediction.objects.first()
    assert answer is not None
    assert answer.probability is not None
    (bits,) = struct.unpack("<q", struct.pack("<d", answer.probability))
    (answer.probability,) = struct.unpack("<d", struct.pack("<q", bits ^ 1))
    answer.save()
    assert [difference.field for difference in replay(answer)] == ["probability"]
    with pytest.raises(CommandError, match="1 fields differ"):
        call_command("replay_prediction", str(answer.public_id))


def test_replay_notices_changed_measurements(scored_batch: FnaBatch) -> None:
    sample = FnaSample.objects.get(case__reference="S-1")
    sample.measurements[0] += 0.01
    sample.save()
    assert [difference.field for difference in replay(sample.case.answer)] == ["input_sha256"]


def test_the_replay_command_says_that_it_is_the_same(
    scored_batch: FnaBatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Prediction.objects.first()
    assert answer is not None
    call_command("replay_prediction", str(answer.public_id))
    assert "bit for bit" in capsys.readouterr().out


def test_answers_of_an_earlier_model_still_replay(
    scored_batch: FnaBatch, monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    """After an upgrade the old weights come from the files kept when they were installed."""
    answer = Prediction.objects.first()
    assert answer is not None
    registry.fna_predictor.cache_clear()
    newer = type("NewerRelease", (), {"weights_sha256": "0" * 64})()
    monkeypatch.setattr(predictors, "shipped_fna_predictor", lambda: newer)
    assert replay(answer) == []
    registry.fna_predictor.cache_clear()


def test_kept_weights_that_were_damaged_are_not_used(scored_batch: FnaBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Prediction.objects.first()
    assert answer is not None
    key = f"models/{answer.weights_sha256}.safetensors"
    with storages["phi"].open(key) as kept:
        whole = kept.read()
    path = storages["phi"].path(key)
    registry.fna_predictor.cache_clear()
    newer = type("NewerRelease", (), {"weights_sha256": "0" * 64})()
    monkeypatch.setattr(predictors, "shipped_fna_predictor", lambda: newer)
    try:
        with open(path, "wb") as kept:  # noqa: PTH123 the storage's own file
            kept.write(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(ValueError, match="not those of the model card"):
            replay(answer)
    finally:
        with open(path, "wb") as kept:  # noqa: PTH123 as above
            kept.write(whole)
        registry.fna_predictor.cache_clear()


def test_a_new_release_does_not_change_which_model_answers(scored_batch: FnaBatch) -> None:
    shipped = InstalledModel.objects.get()
    InstalledModel.objects.filter(pk=shipped.pk).update(weights_sha256="0" * 64)
    installed = registry.install_shipped_model()
    assert not installed.is_active
    assert registry.active_model("FNA", scored_batch.institution) == shipped
    registry.install_shipped_model(activate=True)
    assert registry.active_model("FNA", scored_batch.institution) == installed


def test_a_second_attempt_goes_on_where_the_first_stopped(owner: User) -> None:
    rows, _ = wdbc(30)
    batch = submit(owner, rows.tolist())
    assert run(batch.job.public_id, worker="first")
    first = {p.case_id: p.pk for p in Prediction.objects.all()}
    # As if the worker had died after twenty rows: ten answers are missing and the job is open again.
    lost = list(Prediction.objects.order_by("-case_id").values_list("pk", flat=True)[:10])
    Prediction.objects.filter(pk__in=lost).delete()
    Job.objects.update(status=JobStatus.QUEUED, finished_at=None)
    assert run(batch.job.public_id, worker="second")
    second = {p.case_id: (p.pk, p.attempt) for p in Prediction.objects.all()}
    assert len(second) == 30
    kept = {case: pk for case, pk in first.items() if pk not in lost}
    assert all(second[case] == (pk, 1) for case, pk in kept.items())
    assert sum(attempt == 2 for _, attempt in second.values()) == 10


def test_a_cancelled_batch_keeps_what_was_answered(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _ = wdbc(4)
    batch = submit(owner, rows.tolist() * (CHUNK // 4 + 5))
    predict = FnaPredictor.predict

    def cancel_during_the_second_chunk(self: FnaPredictor, X: object, **kwargs: object) -> object:
        if Prediction.objects.exists():
            jobs.cancel(job=batch.job, user=owner)
        return predict(self, X, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(FnaPredictor, "predict", cancel_during_the_second_chunk)
    run(batch.job.public_id, worker="test")
    batch.job.refresh_from_db()
    assert batch.job.status == JobStatus.CANCELLED
    assert Prediction.objects.count() == CHUNK == batch.job.progress_done
    assert Case.objects.filter(answer__isnull=True).count() == batch.row_count - CHUNK


def test_the_known_diagnosis_never_reaches_the_model(owner: User) -> None:
    rows, outcomes = wdbc(6)
    told = import_fna_file(user=owner, data=csv_of(rows.tolist(), outcomes=outcomes), file_name="told.csv")
    untold = import_fna_file(user=owner, data=csv_of(rows.tolist()), file_name="untold.csv")
    for batch in (told, untold):
        run(batch.job.public_id, worker="test")
    assert [s.known_outcome for s in told.samples.all()] == outcomes
    assert [s.known_outcome for s in untold.samples.all()] == [None] * 6
    assert [s.case.answer.probability for s in told.samples.all()] == [
        s.case.answer.probability for s in untold.samples.all()
    ]


def test_a_row_unlike_the_training_data_is_refused_with_its_reason(owner: User) -> None:
    rows, _ = wdbc(1)
    odd = rows[0].tolist()
    odd[FEATURE_NAMES.index("texture_mean")] *= 3
    batch = submit(owner, [odd])
    run(batch.job.public_id, worker="test")
    answer = Prediction.objects.get()
    assert answer.status == Prediction.Status.REFUSED
    assert answer.probability is None
    assert "Texture" in answer.reason


def test_one_answer_for_each_case_and_model(scored_batch: FnaBatch) -> None:
    answer = Prediction.objects.first()
    assert answer is not None
    answer.pk = None
    answer.public_id = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(IntegrityError), transaction.atomic():
        answer.save(force_insert=True)
