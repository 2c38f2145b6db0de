"""The history of rows: PostgreSQL keeps what was changed, whoever changes it and however."""

import hashlib
import json
import re
from typing import Any

import pytest
from django.db import connection, transaction

from accounts import audit, history
from accounts.audit import triggers
from accounts.models import ApiToken, Institution, Role, RowChange, User
from diagnosis.models import Case, FnaBatch, FnaSample, Prediction
from tests.cast import MakeUser
from tests.trail import let_tests_empty_the_trail, protect_as_in_production

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

Operation = RowChange.Operation


def newest(row: Any) -> RowChange:
    change = history.changes_of(row).first()
    assert change is not None
    return change


def raw(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)


def test_aud_05_update_leaves_old_and_new_values(owner: User) -> None:
    assert User.objects.filter(pk=owner.pk).update(full_name="Somebody Else", role=Role.ADMIN) == 1
    change = newest(owner)
    assert change.operation == Operation.UPDATE
    assert change.old == {"full_name": "Owner", "role": "clinician"}
    assert change.new == {"full_name": "Somebody Else", "role": "admin"}


def test_aud_05_bulk_create_and_bulk_update_leave_a_change_for_each_row(db: None) -> None:
    hospitals = Institution.objects.bulk_create([Institution(name=f"Hospital {number}") for number in range(3)])
    for hospital in hospitals:
        added = newest(hospital)
        assert (added.operation, added.old) == (Operation.INSERT, None)
        assert added.new["name"] == hospital.name
        assert added.new["public_id"] == str(hospital.public_id)
        hospital.name += " East"
    Institution.objects.bulk_update(hospitals, ["name"])
    assert [(newest(hospital).old, newest(hospital).new) for hospital in hospitals] == [
        ({"name": f"Hospital {number}"}, {"name": f"Hospital {number} East"}) for number in range(3)
    ]


def test_aud_05_raw_sql_leaves_old_and_new_values_and_its_database_role(owner: User) -> None:
    raw("/* by hand */ UPDATE accounts_user SET is_active = false WHERE id = %s", owner.pk)
    change = newest(owner)
    assert (change.old, change.new) == ({"is_active": True}, {"is_active": False})
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        assert change.database_role == cursor.fetchone()[0]


def test_aud_05_deletes_leave_the_whole_row(scored_batch: FnaBatch) -> None:
    case = Case.objects.get(reference="S-1")
    sample, prediction = case.fna_sample, case.answer
    neighbours = prediction.neighbours
    case_id, sample_id, prediction_id = case.pk, sample.pk, prediction.pk
    case.delete()
    kept = {
        change.table_name: change.old
        for change in RowChange.objects.filter(
            operation=Operation.DELETE, row_id__in=[case_id, sample_id, prediction_id]
        )
    }
    assert kept["diagnosis_case"]["reference"] == "S-1"
    assert kept["diagnosis_fnasample"]["measurements"] == sample.measurements
    assert kept["diagnosis_prediction"]["neighbours"] == neighbours


def test_aud_05_emptying_a_table_leaves_every_row(db: None) -> None:
    Institution.objects.create(name="North")
    raw("TRUNCATE accounts_institution CASCADE")
    (gone,) = RowChange.objects.filter(operation=Operation.TRUNCATE, table_name="accounts_institution")
    assert gone.old["name"] == "North"


def test_aud_05_a_session_cannot_switch_its_history_off(owner: User) -> None:
    """Trigger packages ask a setting that every session may set."""
    raw("SET LOCAL pgtrigger.ignore TO '{history_update,pgtrigger_history_update}'")
    raw("UPDATE accounts_user SET full_name = 'Unseen' WHERE id = %s", owner.pk)
    assert newest(owner).new == {"full_name": "Unseen"}


def test_a_change_of_the_key_keeps_both_rows_whole(db: None) -> None:
    north = Institution.objects.create(name="North")
    raw("UPDATE accounts_institution SET id = 4711 WHERE id = %s", north.pk)
    was, now_is = RowChange.objects.filter(operation=Operation.UPDATE, table_name="accounts_institution").order_by(
        "row_id"
    )
    rows = {change.row_id: change for change in (was, now_is)}
    assert rows[str(north.pk)].old["name"] == rows["4711"].new["name"] == "North"


def test_an_update_that_changes_nothing_leaves_nothing(owner: User) -> None:
    before = history.changes_of(owner).count()
    User.objects.filter(pk=owner.pk).update(full_name=owner.full_name)
    assert history.changes_of(owner).count() == before


def test_of_a_password_only_the_change_is_kept(owner: User) -> None:
    first = owner.password
    owner.set_password("another long pass phrase")
    owner.save()
    change = newest(owner)
    assert (change.old, change.new) == ({"password": "(not kept)"}, {"password": "(not kept)"})
    assert not any(
        secret in f"{change.old} {change.new}"
        for change in RowChange.objects.all()
        for secret in (first, owner.password)
    )


def test_large_columns_are_kept_as_digests_until_they_change(scored_batch: FnaBatch) -> None:
    prediction = Prediction.objects.filter(case__reference="S-1").get()
    added = history.changes_of(prediction).get(operation=Operation.INSERT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT neighbours::text FROM diagnosis_prediction WHERE id = %s", [prediction.pk])
        (as_text,) = cursor.fetchone()
    assert added.new["neighbours"] == {"sha256": hashlib.sha256(as_text.encode()).hexdigest()}
    neighbours = prediction.neighbours
    Prediction.objects.filter(pk=prediction.pk).update(neighbours=[])
    assert newest(prediction).old == {"neighbours": neighbours}


def test_measurements_keep_every_digit(scored_batch: FnaBatch) -> None:
    sample = FnaSample.objects.get(case__reference="S-1")
    added = history.changes_of(sample).get(operation=Operation.INSERT)
    assert json.dumps(added.new["measurements"]) == json.dumps(sample.measurements)


def test_aud_04_a_change_names_the_person_and_the_request(owner: User) -> None:
    with audit.acting(audit.context_for(owner, request_id="r-1")):
        north = Institution.objects.create(name="100% O'Brien's")
    change = newest(north)
    assert (change.actor, change.actor_id_text, change.request_id) == (owner.email, str(owner.public_id), "r-1")
    assert change.institution_id_text == str(owner.institution.public_id)


def test_aud_04_a_jobs_changes_name_its_requester(scored_batch: FnaBatch, owner: User) -> None:
    prediction = Prediction.objects.filter(case__reference="S-1").get()
    change = newest(prediction)
    assert change.actor == owner.email
    assert change.request_id == f"job:{scored_batch.job.public_id}"


def test_an_inner_context_ends_where_it_ends(owner: User) -> None:
    with audit.acting(audit.context_for(owner, request_id="outer")):
        with audit.acting(audit.context_for(None, request_id="inner")):
            inner = Institution.objects.create(name="Inner")
        outer = Institution.objects.create(name="Outer")
    assert [newest(row).request_id for row in (inner, outer)] == ["inner", "outer"]


@pytest.mark.django_db(transaction=True)
def test_the_actor_does_not_stay_on_the_connection(make_user: MakeUser) -> None:
    owner = make_user("owner")
    with audit.acting(audit.context_for(owner, request_id="first")), transaction.atomic():
        Institution.objects.create(name="First")
    raw_connection = connection.connection
    raw_connection.execute(
        "INSERT INTO accounts_institution (public_id, name, created_at)"
        " VALUES (gen_random_uuid(), 'Past the site', now())"
    )
    change = RowChange.objects.filter(table_name="accounts_institution").first()
    assert change is not None
    assert (change.new["name"], change.actor, change.request_id) == ("Past the site", "", "")


@pytest.mark.django_db(transaction=True)
def test_a_write_that_is_rolled_back_leaves_no_change(owner: User) -> None:
    with transaction.atomic():
        Institution.objects.create(name="Never")
        transaction.set_rollback(True)
    assert not RowChange.objects.filter(new__name="Never").exists()


@pytest.mark.django_db(transaction=True)
def test_what_was_there_before_is_the_historys_beginning(owner: User, request: pytest.FixtureRequest) -> None:
    request.addfinalizer(let_tests_empty_the_trail)
    with transaction.atomic():
        raw("DROP TRIGGER history_insert ON accounts_institution")
        raw("COMMENT ON FUNCTION audit_purge IS 'older'")
        triggers.install(connection)
    beginning = newest(owner.institution)
    assert (beginning.operation, beginning.new["name"]) == (Operation.EXISTING, owner.institution.name)
    with transaction.atomic():
        raw("COMMENT ON FUNCTION audit_purge IS 'older'")
        triggers.install(connection)
    assert history.changes_of(owner.institution).filter(operation=Operation.EXISTING).count() == 1


def test_every_tracked_table_has_its_four_triggers(db: None) -> None:
    protect_as_in_production()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
            " WHERE tgname LIKE 'history_%' AND tgenabled = 'O' GROUP BY 1"
        )
        assert dict(cursor.fetchall()) == {one.table: 4 for one in history.tracked()}


def test_the_site_cannot_write_history_through_its_model(db: None) -> None:
    with pytest.raises(TypeError):
        RowChange(table_name="accounts_user", row_id="1", operation="update", database_role="x").save()


def test_untracked_rows_have_no_history_to_ask_for(db: None) -> None:
    with pytest.raises(LookupError):
        history.changes_of(RowChange())


def test_no_secret_is_kept(owner: User) -> None:
    """Of every tracked table: what is named like a secret, or holds one, is not kept."""
    secret_names = re.compile("password|secret|digest|token|^data$|extra_data|session_key")
    harmless = {"deidentify", "is_deidentified"}
    for one in history.tracked():
        with connection.cursor() as cursor:
            columns = {column.name for column in connection.introspection.get_table_description(cursor, one.table)}
        named = {column for column in columns if secret_names.search(column)} - harmless
        if one.table == "diagnosis_annotation":
            named -= {"data"}  # points in an image
        assert named <= {*one.secret, *one.ignored}, one.table


def test_a_tokens_history_is_kept_under_its_public_id(owner: User) -> None:
    token, secret = ApiToken.objects.create(user=owner, name="robot", scopes=["cases:read"])
    ApiToken.objects.filter(pk=token.pk).update(name="another robot")
    changed, added = history.changes_of(token)
    assert (changed.old, changed.new) == ({"name": "robot"}, {"name": "another robot"})
    assert changed.row_id == str(token.public_id)
    kept = json.dumps([added.new, added.row_id])
    assert token.digest not in kept
    assert secret not in kept
    assert token.token_key not in kept
