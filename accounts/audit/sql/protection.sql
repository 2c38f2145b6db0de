-- Refuses to change the trail, even for the tables' owner, who would have to take the triggers away first.

CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is only ever added to: % of % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- Law asks for six years. Longer is the operator's choice, shorter is nobody's.
CREATE OR REPLACE FUNCTION audit_retention_ends() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT now() - interval '{years} years'
$$;

-- Whether a legal hold keeps this row. NULL or '' means that the row cannot tell: then the hold counts.
CREATE OR REPLACE FUNCTION audit_is_held(institution text, pseudonym text, people text[], moment timestamptz)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM {schema}.accounts_legalhold AS hold
        WHERE hold.lifted_at IS NULL
          AND (hold.institution_id_text = institution OR coalesce(institution, '') = '')
          AND (hold.patient_pseudonym IN ('', pseudonym) OR pseudonym IS NULL)
          AND (hold.person_id_text = '' OR people IS NULL OR hold.person_id_text = ANY (people))
          AND (hold.period_from IS NULL OR moment >= hold.period_from)
          AND (hold.period_until IS NULL OR moment <= hold.period_until))
$$;

CREATE OR REPLACE FUNCTION audit_event_is_held(event {schema}.accounts_auditevent) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT {schema}.audit_is_held(event.institution_id_text, event.patient_pseudonym,
                                  ARRAY[event.actor_id_text, event.object_id_text], event.at)
$$;

-- A change of a row does not say whose pseudonym it belongs to, so every patient's hold keeps it.
CREATE OR REPLACE FUNCTION audit_change_is_held(change {schema}.accounts_rowchange) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT {schema}.audit_is_held(
        change.institution_id_text, NULL,
        CASE WHEN change.table_name = 'accounts_user' OR change.actor_id_text = '' THEN NULL
             ELSE ARRAY[change.actor_id_text] END,
        change.at)
$$;

CREATE OR REPLACE FUNCTION audit_refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held boolean;
BEGIN
    IF coalesce(current_setting('lobule.purging', true), '') <> 'yes' THEN
        RAISE EXCEPTION 'The audit trail is only ever added to: DELETE of % is refused. See purge_audit.', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.at >= audit_retention_ends() THEN
        RAISE EXCEPTION 'Row % of % is younger than {years} years.', OLD.id, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_TABLE_NAME = 'accounts_auditevent' THEN held := audit_event_is_held(OLD);
    ELSE held := audit_change_is_held(OLD);
    END IF;
    IF held THEN
        RAISE EXCEPTION 'Row % of % is under a legal hold.', OLD.id, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN OLD;
END $$;

-- A hold is lifted once; nothing else about it changes.
CREATE OR REPLACE FUNCTION audit_refuse_change_of_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL
       AND to_jsonb(OLD) - 'lifted_at' - 'lifted_by' - 'lift_reason'
         = to_jsonb(NEW) - 'lifted_at' - 'lifted_by' - 'lift_reason' THEN
        NEW.lifted_at := now();
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A legal hold is lifted once and not changed otherwise.' USING ERRCODE = 'insufficient_privilege';
END $$;

-- The only way to delete from the trail: rows older than the cut-off and than six years, sealed, the seal covered by
-- a signed digest that is itself six years old, and under no legal hold. The clock is the server's.
CREATE OR REPLACE FUNCTION audit_purge(cutoff timestamptz, who text, why text, rehearse boolean)
RETURNS TABLE (purged_source text, purged_rows bigint, purged_until timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    proven bigint;
BEGIN
    IF cutoff IS NULL OR cutoff > audit_retention_ends() THEN
        RAISE EXCEPTION 'Nothing younger than {years} years is purged: the latest date is %.',
            audit_retention_ends()::date USING ERRCODE = 'check_violation';
    END IF;
    IF coalesce(who, '') = '' OR coalesce(why, '') = '' THEN
        RAISE EXCEPTION 'A purge names who asked for it and why.' USING ERRCODE = 'check_violation';
    END IF;
    -- No hold is placed between looking and deleting.
    LOCK TABLE accounts_legalhold IN SHARE MODE;
    SELECT coalesce(max(last_seq), 0) INTO proven FROM accounts_auditdigest WHERE made_at <= audit_retention_ends();

    IF rehearse THEN
        RETURN QUERY
            SELECT 'event'::text, count(*), max(aged.at) FROM accounts_auditevent AS aged
            JOIN accounts_seal AS seal ON seal.source = 'event' AND seal.row_id = aged.id AND seal.seq <= proven
            WHERE aged.at < cutoff AND NOT audit_event_is_held(aged)
            UNION ALL
            SELECT 'change'::text, count(*), max(aged.at) FROM accounts_rowchange AS aged
            JOIN accounts_seal AS seal ON seal.source = 'change' AND seal.row_id = aged.id AND seal.seq <= proven
            WHERE aged.at < cutoff AND NOT audit_change_is_held(aged);
        RETURN;
    END IF;

    PERFORM set_config('lobule.purging', 'yes', true);
    RETURN QUERY
        WITH gone AS (
            DELETE FROM accounts_auditevent AS aged USING accounts_seal AS seal
            WHERE seal.source = 'event' AND seal.row_id = aged.id AND seal.seq <= proven
              AND aged.at < cutoff AND NOT audit_event_is_held(aged)
            RETURNING aged.id, aged.at, seal.seq, seal.row_sha256
        ), record AS (
            INSERT INTO accounts_auditpurge (source, first_row_id, last_row_id, first_seq, last_seq, rows, rows_sha256,
                                             before, reason, purged_by)
            SELECT 'event', min(id), max(id), min(seq), max(seq), count(*),
                   encode(sha256(convert_to(string_agg(row_sha256, '' ORDER BY seq), 'UTF8')), 'hex'), cutoff, why, who
            FROM gone HAVING count(*) > 0
        )
        SELECT 'event'::text, count(*), max(at) FROM gone;
    RETURN QUERY
        WITH gone AS (
            DELETE FROM accounts_rowchange AS aged USING accounts_seal AS seal
            WHERE seal.source = 'change' AND seal.row_id = aged.id AND seal.seq <= proven
              AND aged.at < cutoff AND NOT audit_change_is_held(aged)
            RETURNING aged.id, aged.at, seal.seq, seal.row_sha256
        ), record AS (
            INSERT INTO accounts_auditpurge (source, first_row_id, last_row_id, first_seq, last_seq, rows, rows_sha256,
                                             before, reason, purged_by)
            SELECT 'change', min(id), max(id), min(seq), max(seq), count(*),
                   encode(sha256(convert_to(string_agg(row_sha256, '' ORDER BY seq), 'UTF8')), 'hex'), cutoff, why, who
            FROM gone HAVING count(*) > 0
        )
        SELECT 'change'::text, count(*), max(at) FROM gone;
    PERFORM set_config('lobule.purging', '', true);
END $$;
