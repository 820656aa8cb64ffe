-- Run once per database by whoever may create roles: hora_owner owns every
-- table and bypasses nothing; hora_server serves requests and owns nothing.
-- Repeating it changes nothing.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hora_owner') THEN
    CREATE ROLE hora_owner NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hora_server') THEN
    CREATE ROLE hora_server NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- another server was quicker
END
$$;

-- A superuser may act as any role; another login must be a member that may SET.
-- Whoever cannot grant that here was granted it by an administrator before.
DO $$
BEGIN
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT hora_owner, hora_server TO %I', current_user);
  END IF;
EXCEPTION WHEN insufficient_privilege OR internal_error THEN
  NULL; -- also when another server grants the same at this moment
END
$$;

DO $$
BEGIN
  IF NOT has_database_privilege('hora_owner', current_database(), 'CREATE') THEN
    EXECUTE format('GRANT CREATE ON DATABASE %I TO hora_owner', current_database());
  END IF;
  IF NOT has_schema_privilege('hora_owner', 'public', 'CREATE') THEN
    GRANT USAGE, CREATE ON SCHEMA public TO hora_owner;
  END IF;
END
$$;

CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
