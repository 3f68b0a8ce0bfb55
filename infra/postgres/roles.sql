-- Roles of an installation. For psql, as superuser, in the database of the registry; can be run again (to change a password, too).
-- Passwords come from the files in /run/secrets, or in another directory that SECRETS_DIR names.
--
-- What a role may do is granted by the migrations. Here is only who can become which role:
--   registry_migrate  runs `registry migrate`: owns the database, may become registry_owner. No other service uses it.
--   registry_service  runs `registry serve` and the commands: may become writer, reader and directory, and can do nothing before.

\set ON_ERROR_STOP on
\getenv secrets SECRETS_DIR
\if :{?secrets}
\else
  \set secrets /run/secrets
\endif
\set migrate_file :secrets '/database_migrate_password'
\set service_file :secrets '/database_service_password'
\set migrate_password `cat :migrate_file`
\set service_password `cat :service_file`

-- Statements below hold passwords: none of them may reach the server's log, whatever it is set to.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

BEGIN;

-- The migrations make these four if they are missing. Made here, registry_migrate needs no right to make roles.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['registry_owner', 'registry_writer', 'registry_reader', 'registry_directory'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
    FOREACH wanted IN ARRAY ARRAY['registry_migrate', 'registry_service'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I', wanted);
        END IF;
    END LOOP;
END
$$;

-- INHERIT: later migrations change what registry_owner owns, without becoming it each time.
ALTER ROLE registry_migrate LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'migrate_password';
-- NOINHERIT: a connection that forgot to become one of the roles can read and write nothing.
ALTER ROLE registry_service LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'service_password';

GRANT registry_owner TO registry_migrate;
GRANT registry_writer, registry_reader, registry_directory TO registry_service;

-- The owner of the database may make tables in its schema `public` (PostgreSQL 15 and newer); nobody else may.
SELECT current_database() AS database \gset
ALTER DATABASE :"database" OWNER TO registry_migrate;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO registry_service;

COMMIT;
