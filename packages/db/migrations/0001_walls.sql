-- Roles are the cluster's, not the database's: another Parapet database may have made them.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['parapet_app', 'parapet_platform'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', role_name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, role_name, 'member') THEN
      EXECUTE format('GRANT %I TO current_user', role_name);
    END IF;
  END LOOP;
END $$;
--> statement-breakpoint
-- The tenant of this transaction, or null: comparing with null lets nothing through.
CREATE FUNCTION parapet_tenant() RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('app.org_id', true), '') $$;
--> statement-breakpoint
CREATE FUNCTION parapet_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, lower(TG_OP) USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
DO $$
DECLARE
  table_name text;
BEGIN
  FOREACH table_name IN ARRAY ARRAY['ledger_entries', 'usage_events', 'audit_log', 'statements'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION parapet_refuse_change()', table_name);
    EXECUTE format('CREATE TRIGGER never_truncated BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION parapet_refuse_change()', table_name);
  END LOOP;
END $$;
--> statement-breakpoint
-- Run after every migration. Each table with an org_id shows parapet_app its own tenant's rows only; a table
-- that is not named below is closed to it.
CREATE FUNCTION parapet_raise_walls() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  wall record;
  append_only constant text[] := ARRAY['ledger_entries', 'usage_events', 'audit_log', 'statements'];
  -- Written by the metering functions only.
  metered constant text[] := ARRAY['org_meters', 'key_meters', 'org_periods', 'key_periods', 'holds', 'ledger_entries',
    'usage_events', 'usage_hourly', 'usage_daily', 'statements'];
BEGIN
  GRANT USAGE ON SCHEMA public TO parapet_app, parapet_platform;
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO parapet_app, parapet_platform;
  FOR wall IN
    SELECT c.oid, c.relname AS name,
      EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id' AND NOT a.attisdropped) AS tenant
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', wall.name);
    EXECUTE format('REVOKE ALL ON %I FROM parapet_app, parapet_platform', wall.name);
    IF wall.name = ANY (append_only) THEN
      EXECUTE format('GRANT SELECT, INSERT ON %I TO parapet_platform', wall.name);
    ELSE
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO parapet_platform', wall.name);
    END IF;
    IF wall.name = ANY (metered) THEN
      EXECUTE format('GRANT SELECT ON %I TO parapet_app', wall.name);
    ELSIF wall.name = ANY (append_only) THEN
      EXECUTE format('GRANT SELECT, INSERT ON %I TO parapet_app', wall.name);
    ELSIF wall.tenant THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO parapet_app', wall.name);
    ELSIF wall.name IN ('plans', 'base_models', 'model_prices') THEN
      EXECUTE format('GRANT SELECT ON %I TO parapet_app', wall.name);
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = wall.oid AND polname = 'platform') THEN
      EXECUTE format('CREATE POLICY platform ON %I TO parapet_platform USING (true) WITH CHECK (true)', wall.name);
      IF wall.tenant THEN
        EXECUTE format('CREATE POLICY tenant ON %I TO parapet_app USING (org_id = parapet_tenant()) WITH CHECK (org_id = parapet_tenant())', wall.name);
      ELSIF wall.name IN ('plans', 'base_models') THEN
        EXECUTE format('CREATE POLICY tenant ON %I FOR SELECT TO parapet_app USING (true)', wall.name);
      END IF;
    END IF;
  END LOOP;
  -- Its own plan's prices, its own row, the people of its own organisation.
  GRANT SELECT, UPDATE ON organisations TO parapet_app;
  GRANT SELECT (id, name, email, image, two_factor_enabled, created_at) ON users TO parapet_app;
  IF NOT EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = 'organisations'::regclass AND polname = 'tenant') THEN
    CREATE POLICY tenant ON organisations TO parapet_app USING (id = parapet_tenant()) WITH CHECK (id = parapet_tenant());
    CREATE POLICY tenant ON users FOR SELECT TO parapet_app
      USING (EXISTS (SELECT 1 FROM members m WHERE m.user_id = users.id AND m.org_id = parapet_tenant()));
    CREATE POLICY tenant ON model_prices FOR SELECT TO parapet_app
      USING (plan_id IS NULL OR plan_id = (SELECT o.plan_id FROM organisations o WHERE o.id = parapet_tenant()));
  END IF;
END $$;
--> statement-breakpoint
-- A tenant may refer to a blob without seeing whether others have it.
CREATE FUNCTION parapet_refer_to_blob(p_digest text, p_bytes bigint, p_owner_type text, p_owner_id text, p_org_id text)
  RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF parapet_tenant() IS NOT NULL AND p_org_id IS DISTINCT FROM parapet_tenant() THEN
    RAISE EXCEPTION 'a blob reference of another tenant' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO blobs (digest, bytes) VALUES (p_digest, p_bytes)
    ON CONFLICT (digest) DO UPDATE SET touched_at = now();
  INSERT INTO blob_references (digest, owner_type, owner_id, org_id)
    VALUES (p_digest, p_owner_type, p_owner_id, p_org_id) ON CONFLICT DO NOTHING;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION parapet_raise_walls() FROM PUBLIC;
--> statement-breakpoint
REVOKE ALL ON FUNCTION parapet_refer_to_blob(text, bigint, text, text, text) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION parapet_refer_to_blob(text, bigint, text, text, text) TO parapet_app, parapet_platform;
