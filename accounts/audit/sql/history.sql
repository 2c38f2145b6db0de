-- The history of rows: triggers on each tracked table, once per statement, with all its rows at once.
-- Arguments of each trigger: key column, secret columns, digested columns, ignored columns (lists parted by commas).
-- They run as their owner: the application's role may read accounts_rowchange, and only these functions write it.

CREATE OR REPLACE FUNCTION audit_context() RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('lobule.audit_context', true), ''), '{}')::jsonb
$$;

-- A whole row as it may be kept.
CREATE OR REPLACE FUNCTION audit_kept(whole jsonb, secret text[], digested text[], ignored text[])
RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN secret = '{}' AND digested = '{}' AND ignored = '{}' THEN whole ELSE (
        SELECT jsonb_object_agg(key, CASE
            WHEN key = ANY (secret) THEN '"(not kept)"'::jsonb
            WHEN key = ANY (digested) AND value <> 'null'::jsonb
                THEN jsonb_build_object('sha256', encode(sha256(convert_to(value::text, 'UTF8')), 'hex'))
            ELSE value END)
        FROM jsonb_each(whole) WHERE key <> ALL (ignored)
    ) END
$$;

-- Those values of `one` that differ from the other's.
CREATE OR REPLACE FUNCTION audit_difference(one jsonb, other jsonb, secret text[], ignored text[])
RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(key, CASE WHEN key = ANY (secret) THEN '"(not kept)"'::jsonb ELSE value END)
    FROM jsonb_each(one)
    WHERE (other -> key) IS DISTINCT FROM value AND key <> ALL (ignored)
$$;

CREATE OR REPLACE FUNCTION audit_record_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
DECLARE
    context jsonb := audit_context();
    secret text[] := string_to_array(TG_ARGV[1], ',');
    digested text[] := string_to_array(TG_ARGV[2], ',');
    ignored text[] := string_to_array(TG_ARGV[3], ',');
BEGIN
    INSERT INTO accounts_rowchange (table_name, row_id, operation, new, actor, actor_id_text, institution_id_text,
                                    request_id, database_role)
    SELECT TG_TABLE_NAME, added.whole ->> TG_ARGV[0], 'insert', audit_kept(added.whole, secret, digested, ignored),
           coalesce(context ->> 'actor', ''), coalesce(context ->> 'actor_id', ''),
           coalesce(context ->> 'institution_id', ''), coalesce(context ->> 'request_id', ''), session_user
    FROM (SELECT to_jsonb(new_rows) AS whole FROM new_rows) AS added;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION audit_record_update() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
DECLARE
    context jsonb := audit_context();
    secret text[] := string_to_array(TG_ARGV[1], ',');
    ignored text[] := string_to_array(TG_ARGV[3], ',');
BEGIN
    -- A changed key finds no partner: both rows are then kept whole.
    INSERT INTO accounts_rowchange (table_name, row_id, operation, old, new, actor, actor_id_text,
                                    institution_id_text, request_id, database_role)
    SELECT TG_TABLE_NAME, coalesce(was.whole, now_is.whole) ->> TG_ARGV[0], 'update', difference.old, difference.new,
           coalesce(context ->> 'actor', ''), coalesce(context ->> 'actor_id', ''),
           coalesce(context ->> 'institution_id', ''), coalesce(context ->> 'request_id', ''), session_user
    FROM (SELECT to_jsonb(old_rows) AS whole FROM old_rows) AS was
    FULL JOIN (SELECT to_jsonb(new_rows) AS whole FROM new_rows) AS now_is
        ON was.whole ->> TG_ARGV[0] = now_is.whole ->> TG_ARGV[0],
    LATERAL (SELECT audit_difference(was.whole, now_is.whole, secret, ignored) AS old,
                    audit_difference(now_is.whole, was.whole, secret, ignored) AS new) AS difference
    WHERE difference.old IS NOT NULL OR difference.new IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION audit_record_delete() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
DECLARE
    context jsonb := audit_context();
    secret text[] := string_to_array(TG_ARGV[1], ',');
    ignored text[] := string_to_array(TG_ARGV[3], ',');
BEGIN
    INSERT INTO accounts_rowchange (table_name, row_id, operation, old, actor, actor_id_text, institution_id_text,
                                    request_id, database_role)
    SELECT TG_TABLE_NAME, gone.whole ->> TG_ARGV[0], 'delete', audit_kept(gone.whole, secret, '{}', ignored),
           coalesce(context ->> 'actor', ''), coalesce(context ->> 'actor_id', ''),
           coalesce(context ->> 'institution_id', ''), coalesce(context ->> 'request_id', ''), session_user
    FROM (SELECT to_jsonb(old_rows) AS whole FROM old_rows) AS gone;
    RETURN NULL;
END $$;

-- What the table still holds, before it is emptied, or (as 'existing') when its history begins.
CREATE OR REPLACE FUNCTION audit_record_all(emptied regclass, what text, key text, secret text[], digested text[],
                                            ignored text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    context jsonb := audit_context();
BEGIN
    EXECUTE format(
        'INSERT INTO accounts_rowchange (table_name, row_id, operation, %I, actor, actor_id_text,'
        ' institution_id_text, request_id, database_role)'
        ' SELECT $1, held.whole ->> $2, $3, audit_kept(held.whole, $4, $5, $6), $7, $8, $9, $10, session_user'
        ' FROM (SELECT to_jsonb(each) AS whole FROM %s AS each) AS held',
        CASE what WHEN 'existing' THEN 'new' ELSE 'old' END, emptied)
    USING (SELECT relname FROM pg_class WHERE oid = emptied), key, what, secret, digested, ignored,
          coalesce(context ->> 'actor', ''), coalesce(context ->> 'actor_id', ''),
          coalesce(context ->> 'institution_id', ''), coalesce(context ->> 'request_id', '');
END $$;

CREATE OR REPLACE FUNCTION audit_record_truncate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
BEGIN
    PERFORM audit_record_all(TG_RELID, 'truncate', TG_ARGV[0], string_to_array(TG_ARGV[1], ','), '{}',
                             string_to_array(TG_ARGV[3], ','));
    RETURN NULL;
END $$;
