-- The ledger's rules, where all gateways meet. Laid down anew, in one transaction, whenever this file changes.
-- Every function locks the organisations' meters in the order of their ids first: whatever changes a balance, a
-- bucket or a hold's status holds that lock.
-- Admission and closing fix their plans: every access is by key, and a planner that trusts the statistics of a table
-- that was empty a moment ago reads it whole.
-- Lazy admissions and closings don't wait for the disk, and so hold no lock while it writes: who needs to know that a
-- hold or a settlement outlives a crash of the database asks for a flush (docs/decisions/holds-flush-behind-the-prefill.md).
-- Levels are units times 60,000,000; limits drain a minute's worth a minute, so integers stay exact.
DO $$
DECLARE
  f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    AND p.proname IN ('parapet_limits', 'parapet_rate', 'parapet_drain', 'parapet_cost', 'parapet_price', 'parapet_admit', 'parapet_close',
      'parapet_expire', 'parapet_accrue', 'parapet_adjust', 'parapet_take', 'parapet_levels') LOOP
    EXECUTE format('DROP FUNCTION %s', f);
  END LOOP;
END $$;
DROP TYPE IF EXISTS parapet_closing;

CREATE FUNCTION parapet_limits(p_org_id text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT p.limits || coalesce(q.limits, '{}'::jsonb)
  FROM organisations o JOIN plans p ON p.id = o.plan_id LEFT JOIN quota_overrides q ON q.org_id = o.id
  WHERE o.id = p_org_id
$$;
-- A limit a minute, null as it is; larger ones than 10^11 would overflow a level.
CREATE FUNCTION parapet_rate(p_limits jsonb, p_name text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN (p_limits->>p_name)::bigint > 100000000000 THEN 100000000000 ELSE (p_limits->>p_name)::bigint END
$$;
CREATE FUNCTION parapet_drain(p_level bigint, p_limit bigint, p_elapsed_micros bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(0, p_level - p_limit * greatest(0, least(p_elapsed_micros, 60000000)))
$$;
-- Half a micro-unit rounds up, once an event.
CREATE FUNCTION parapet_cost(p_price model_prices, p_kind text, p_prompt bigint, p_cached bigint, p_completion bigint,
    p_trained bigint, p_gpu_micros bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(div(
    (p_prompt - p_cached)::numeric * (p_price).prompt_micros_per_million
    + p_cached::numeric * coalesce((p_price).cached_micros_per_million, (p_price).prompt_micros_per_million)
    + p_completion::numeric * (p_price).completion_micros_per_million
    + p_trained::numeric * (p_price).trained_micros_per_million
    + p_gpu_micros::numeric * CASE p_kind WHEN 'training' THEN (p_price).training_micros_per_gpu_second
        ELSE (p_price).inference_micros_per_gpu_second END
    + 500000, 1000000)::bigint, 0)
$$;
CREATE FUNCTION parapet_price(p_model text, p_plan_id text, p_at timestamptz) RETURNS model_prices LANGUAGE sql STABLE AS $$
  SELECT m FROM model_prices m
  WHERE m.model IN (p_model, '*') AND (m.plan_id IS NULL OR m.plan_id = p_plan_id) AND m.effective_from <= p_at
  ORDER BY m.model = '*', m.plan_id IS NULL, m.effective_from DESC LIMIT 1
$$;
-- What is left of the rate limits, nothing taken: {requests, tokens}, each as an admission tells it.
CREATE FUNCTION parapet_levels(p_org_id text, p_key_id text, p_now_micros bigint DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH moment AS (SELECT coalesce(p_now_micros, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) AS micros),
  levels AS (
    SELECT parapet_rate(l.limits, 'requestsPerMinute') AS rpm, parapet_rate(l.limits, 'tokensPerMinute') AS tpm, m.request_level, m.token_level, m.drained_at_micros
      FROM (SELECT parapet_limits(p_org_id) AS limits) l LEFT JOIN org_meters m ON m.org_id = p_org_id
    UNION ALL
    SELECT a.requests_per_minute, a.tokens_per_minute, m.request_level, m.token_level, m.drained_at_micros
      FROM api_keys a LEFT JOIN key_meters m ON m.key_id = a.id WHERE a.id = p_key_id AND a.org_id = p_org_id
  ), buckets AS (
    SELECT b.unit, b.per_minute, parapet_drain(coalesce(b.level, 0), b.per_minute, moment.micros - coalesce(v.drained_at_micros, 0)) AS level
      FROM levels v, moment, LATERAL (VALUES ('requests', v.rpm, v.request_level), ('tokens', v.tpm, v.token_level)) AS b(unit, per_minute, level)
      WHERE b.per_minute IS NOT NULL
  ), tightest AS (
    SELECT DISTINCT ON (unit) unit, per_minute, greatest(0, per_minute - ceil(level::numeric / 60000000)) AS room, ceil(level::numeric / greatest(per_minute, 1)) AS reset
      FROM buckets ORDER BY unit, 3
  )
  SELECT jsonb_object_agg(unit, jsonb_build_array(per_minute, room, reset)) FROM tightest
$$;
-- Admits or refuses each request, in order, and places the holds of those admitted. All in one transaction.
CREATE FUNCTION parapet_admit(p_requests jsonb, p_now_micros bigint DEFAULT NULL, p_lazy boolean DEFAULT false) RETURNS jsonb
  LANGUAGE plpgsql SECURITY DEFINER SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET search_path = public, pg_temp AS $$
DECLARE
  unit constant bigint := 60000000;
  now_micros bigint; at timestamptz; this_period date;
  r record; results jsonb[] := '{}'; placed holds[] := '{}'; ledger_ids text[] := '{}'; known text[]; known_holds text[];
  -- The organisation at hand: its limits, levels and balance.
  o record; price model_prices; price_model text; rpm bigint; tpm bigint; at_once bigint; gpu_limit bigint;
  request_now bigint; token_now bigint; running int; inference_held bigint; training_held bigint; spend_held bigint;
  -- The key at hand.
  k record; key_request_level bigint; key_token_level bigint; key_held bigint; key_taken boolean;
  refusal text; detail jsonb; spend bigint; wait_micros numeric; tokens bigint; room numeric; key_room numeric;
  requests_left jsonb; tokens_left jsonb;
BEGIN
  IF p_lazy THEN PERFORM set_config('synchronous_commit', 'off', true); END IF;
  -- All rows are there before any is locked: one that another transaction makes meanwhile would be used unlocked.
  IF EXISTS (SELECT 1 FROM jsonb_array_elements(p_requests) x WHERE NOT EXISTS (SELECT 1 FROM org_meters m WHERE m.org_id = x->>'orgId')) THEN
    INSERT INTO org_meters (org_id) SELECT g.id FROM organisations g WHERE g.id IN (SELECT x->>'orgId' FROM jsonb_array_elements(p_requests) x) ORDER BY g.id ON CONFLICT DO NOTHING;
  END IF;
  PERFORM 1 FROM org_meters m WHERE m.org_id IN (SELECT x->>'orgId' FROM jsonb_array_elements(p_requests) x) ORDER BY m.org_id FOR UPDATE;
  now_micros := coalesce(p_now_micros, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
  at := to_timestamp(now_micros / 1000000.0);
  this_period := date_trunc('month', at AT TIME ZONE 'UTC')::date;
  -- A caller that never heard the answer asks again with the same hold: that one was admitted, and stays so.
  SELECT coalesce(array_agg(h.request_id), '{}'), coalesce(array_agg(h.id), '{}') INTO known, known_holds FROM holds h
    WHERE h.request_id IN (SELECT x->>'requestId' FROM jsonb_array_elements(p_requests) x);

  FOR r IN
    SELECT x.*, row_number() OVER by_org = 1 AS first_of_org, row_number() OVER by_key = 1 AS first_of_key,
      lead(x.position) OVER by_org IS NULL AS last_of_org, lead(x.position) OVER by_key IS NULL AS last_of_key
    FROM jsonb_to_recordset(p_requests) AS x(position int, kind text, "orgId" text, "keyId" text, "requestId" text, "holdId" text,
      "ledgerId" text, model text, adapter text, "promptTokens" bigint, "completionTokens" bigint, "trainedTokens" bigint, "gpuMicros" bigint, "ttlMicros" bigint)
    WINDOW by_org AS (PARTITION BY x."orgId" ORDER BY x."keyId" NULLS FIRST, x.position), by_key AS (PARTITION BY x."orgId", x."keyId" ORDER BY x.position)
    ORDER BY x."orgId", x."keyId" NULLS FIRST, x.position
  LOOP
    IF r.first_of_org THEN
      SELECT g.id, g.status, g.plan_id, p.limits || coalesce(q.limits, '{}') AS limits,
          m.request_level, m.token_level, m.running_requests, now_micros - m.drained_at_micros AS elapsed,
          coalesce(b.inference_gpu_used + b.training_gpu_used, 0) AS gpu_used, coalesce(b.inference_gpu_held + b.training_gpu_held, 0) AS gpu_held
        INTO o FROM organisations g JOIN plans p ON p.id = g.plan_id LEFT JOIN quota_overrides q ON q.org_id = g.id
        LEFT JOIN org_meters m ON m.org_id = g.id LEFT JOIN org_periods b ON b.org_id = g.id AND b.period = this_period
        WHERE g.id = r."orgId";
      rpm := parapet_rate(o.limits, 'requestsPerMinute'); tpm := parapet_rate(o.limits, 'tokensPerMinute');
      at_once := (o.limits->>'concurrentRequests')::bigint; gpu_limit := (o.limits->>'gpuSecondsPerMonth')::bigint * 1000000;
      request_now := parapet_drain(o.request_level, coalesce(rpm, 0), o.elapsed);
      token_now := parapet_drain(o.token_level, coalesce(tpm, 0), o.elapsed);
      running := o.running_requests; inference_held := 0; training_held := 0; spend_held := 0; price_model := NULL;
    END IF;
    IF r.first_of_key THEN
      SELECT a.id, a.revoked_at, a.expires_at, a.requests_per_minute AS rpm, a.tokens_per_minute AS tpm, a.budget_micros AS budget,
          coalesce(m.request_level, 0) AS request_level, coalesce(m.token_level, 0) AS token_level, now_micros - coalesce(m.drained_at_micros, now_micros) AS elapsed,
          coalesce(b.spend_used + b.spend_held, 0) AS spent
        INTO k FROM api_keys a LEFT JOIN key_meters m ON m.key_id = a.id LEFT JOIN key_periods b ON b.key_id = a.id AND b.period = this_period
        WHERE a.id = r."keyId" AND a.org_id = r."orgId";
      key_request_level := parapet_drain(k.request_level, coalesce(k.rpm, 0), k.elapsed);
      key_token_level := parapet_drain(k.token_level, coalesce(k.tpm, 0), k.elapsed);
      key_held := 0; key_taken := false;
    END IF;
    IF price_model IS DISTINCT FROM r.model THEN
      price := parapet_price(r.model, o.plan_id, at); price_model := r.model;
    END IF;

    tokens := r."promptTokens" + r."completionTokens";
    spend := parapet_cost(price, r.kind, r."promptTokens", 0, r."completionTokens", r."trainedTokens", r."gpuMicros");
    refusal := NULL; detail := '{}'; wait_micros := NULL;
    IF o.id IS NULL OR o.status = 'deleted' THEN refusal := 'unknown_tenant';
    ELSIF o.status = 'suspended' THEN refusal := 'suspended';
    ELSIF r."keyId" IS NOT NULL AND (k.id IS NULL OR k.revoked_at IS NOT NULL OR k.expires_at <= at) THEN refusal := 'key';
    ELSIF r."holdId" = ANY (known_holds) THEN refusal := 'again';
    ELSIF r."requestId" = ANY (known) THEN refusal := 'duplicate';
    ELSIF gpu_limit IS NOT NULL AND o.gpu_used + o.gpu_held + inference_held + training_held + r."gpuMicros" > gpu_limit THEN
      refusal := 'gpu'; detail := jsonb_build_object('limit', gpu_limit, 'used', o.gpu_used, 'held', o.gpu_held + inference_held + training_held);
    ELSIF k.budget IS NOT NULL AND k.spent + key_held + spend > k.budget THEN
      refusal := 'budget'; detail := jsonb_build_object('limit', k.budget, 'used', k.spent);
    ELSIF r.kind = 'inference' THEN
      IF running >= at_once THEN
        refusal := 'concurrency'; detail := jsonb_build_object('limit', at_once);
      ELSIF request_now + unit > rpm * unit THEN
        refusal := 'requests'; detail := jsonb_build_object('limit', rpm, 'of', 'organisation');
        wait_micros := (request_now + unit - rpm * unit)::numeric / nullif(rpm, 0);
      ELSIF key_request_level + unit > k.rpm * unit THEN
        refusal := 'requests'; detail := jsonb_build_object('limit', k.rpm, 'of', 'key');
        wait_micros := (key_request_level + unit - k.rpm * unit)::numeric / nullif(k.rpm, 0);
      ELSIF token_now + tokens * unit > tpm * unit THEN
        refusal := 'tokens'; detail := jsonb_build_object('limit', tpm, 'of', 'organisation', 'asked', tokens);
        IF tokens <= tpm THEN wait_micros := (token_now + tokens * unit - tpm * unit)::numeric / tpm; END IF;
      ELSIF key_token_level + tokens * unit > k.tpm * unit THEN
        refusal := 'tokens'; detail := jsonb_build_object('limit', k.tpm, 'of', 'key', 'asked', tokens);
        IF tokens <= k.tpm THEN wait_micros := (key_token_level + tokens * unit - k.tpm * unit)::numeric / k.tpm; END IF;
      END IF;
    END IF;

    IF refusal IS NULL THEN
      IF r.kind = 'inference' THEN
        IF rpm IS NOT NULL THEN request_now := request_now + unit; END IF;
        IF tpm IS NOT NULL THEN token_now := token_now + tokens * unit; END IF;
        IF k.rpm IS NOT NULL THEN key_request_level := key_request_level + unit; key_taken := true; END IF;
        IF k.tpm IS NOT NULL THEN key_token_level := key_token_level + tokens * unit; key_taken := true; END IF;
        running := running + 1;
        inference_held := inference_held + r."gpuMicros";
      ELSE
        training_held := training_held + r."gpuMicros";
      END IF;
      spend_held := spend_held + spend; key_held := key_held + spend;
      placed := placed || ROW(r."holdId", r."orgId", r.kind, r."requestId", r."keyId", r.model, r.adapter, this_period, tokens, r."gpuMicros", spend, 0,
        price.id, 'held', at, to_timestamp((now_micros + r."ttlMicros") / 1000000.0), NULL)::holds;
      ledger_ids := ledger_ids || r."ledgerId"; known := known || r."requestId";
    END IF;

    -- What is left, by the tighter of the organisation's and the key's limit: [limit, remaining, microseconds until full].
    room := CASE WHEN rpm IS NOT NULL THEN greatest(0, rpm - ceil(request_now::numeric / unit)) END;
    key_room := CASE WHEN k.rpm IS NOT NULL THEN greatest(0, k.rpm - ceil(key_request_level::numeric / unit)) END;
    requests_left := CASE WHEN coalesce(key_room < room, key_room IS NOT NULL) THEN jsonb_build_array(k.rpm, key_room, ceil(key_request_level::numeric / greatest(k.rpm, 1)))
      WHEN room IS NOT NULL THEN jsonb_build_array(rpm, room, ceil(request_now::numeric / greatest(rpm, 1))) END;
    room := CASE WHEN tpm IS NOT NULL THEN greatest(0, tpm - ceil(token_now::numeric / unit)) END;
    key_room := CASE WHEN k.tpm IS NOT NULL THEN greatest(0, k.tpm - ceil(key_token_level::numeric / unit)) END;
    tokens_left := CASE WHEN coalesce(key_room < room, key_room IS NOT NULL) THEN jsonb_build_array(k.tpm, key_room, ceil(key_token_level::numeric / greatest(k.tpm, 1)))
      WHEN room IS NOT NULL THEN jsonb_build_array(tpm, room, ceil(token_now::numeric / greatest(tpm, 1))) END;
    results := results || jsonb_build_object('position', r.position, 'refusal', nullif(refusal, 'again'), 'detail', detail, 'waitMicros', ceil(wait_micros),
      'gpuLimit', gpu_limit, 'gpuUsed', o.gpu_used, 'slotsLeft', at_once - running,
      'roomy', refusal IS NULL AND coalesce(running * 2 <= at_once, true) AND coalesce((o.gpu_used + o.gpu_held + inference_held + training_held) * 2 <= gpu_limit, true)
        AND coalesce((k.spent + key_held) * 2 <= k.budget, true) AND coalesce(request_now * 2 <= rpm * unit, true) AND coalesce(token_now * 2 <= tpm * unit, true)
        AND coalesce(key_request_level * 2 <= k.rpm * unit, true) AND coalesce(key_token_level * 2 <= k.tpm * unit, true), 'requests', requests_left, 'tokens', tokens_left);

    IF r.last_of_key AND key_taken THEN
      INSERT INTO key_meters VALUES (k.id, r."orgId", key_request_level, key_token_level, now_micros)
        ON CONFLICT (key_id) DO UPDATE SET request_level = excluded.request_level, token_level = excluded.token_level, drained_at_micros = excluded.drained_at_micros;
    END IF;
    IF r.last_of_key AND r."keyId" IS NOT NULL AND key_held > 0 THEN
      INSERT INTO key_periods (key_id, period, org_id, spend_held) VALUES (k.id, this_period, r."orgId", key_held)
        ON CONFLICT (key_id, period) DO UPDATE SET spend_held = key_periods.spend_held + excluded.spend_held;
    END IF;
    IF r.last_of_org AND o.id IS NOT NULL THEN
      UPDATE org_meters m SET request_level = request_now, token_level = token_now,
          drained_at_micros = greatest(now_micros, m.drained_at_micros), running_requests = running
        WHERE m.org_id = o.id;
      INSERT INTO org_periods (org_id, period, inference_gpu_held, training_gpu_held, spend_held) VALUES (o.id, this_period, inference_held, training_held, spend_held)
        ON CONFLICT (org_id, period) DO UPDATE SET inference_gpu_held = org_periods.inference_gpu_held + excluded.inference_gpu_held,
          training_gpu_held = org_periods.training_gpu_held + excluded.training_gpu_held, spend_held = org_periods.spend_held + excluded.spend_held;
    END IF;
  END LOOP;

  INSERT INTO holds SELECT (h).* FROM unnest(placed) h;
  INSERT INTO ledger_entries (id, org_id, kind, phase, request_id, hold_id, key_id, resource, period, gpu_held, spend_held, created_at)
    SELECT e.id, h.org_id, 'hold', 'open', h.request_id, h.id, h.key_id, h.kind, h.period, h.gpu_micros, h.spend_micros, h.created_at
    FROM unnest(placed) WITH ORDINALITY h JOIN unnest(ledger_ids) WITH ORDINALITY e(id, n) ON e.n = h.ordinality;
  RETURN to_jsonb(results);
END $$;

CREATE TYPE parapet_closing AS (
  ledger_id text, usage_id text, ending text, hold holds, charged boolean, prompt bigint, cached bigint, completion bigint, trained bigint,
  gpu bigint, queue bigint, spend bigint, outcome text, at timestamptz
);
-- Settles, voids or expires holds: each once, in one transaction with its usage event, rollups and balances.
-- Says for each what became of it: settled, voided, expired, or what it was already (duplicate, unknown).
CREATE FUNCTION parapet_close(p_items jsonb, p_now_micros bigint DEFAULT NULL, p_lazy boolean DEFAULT false) RETURNS jsonb
  LANGUAGE plpgsql SECURITY DEFINER SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET search_path = public, pg_temp AS $$
DECLARE
  unit constant bigint := 60000000;
  now_micros bigint; now_at timestamptz; closings parapet_closing[]; results jsonb;
BEGIN
  IF p_lazy THEN PERFORM set_config('synchronous_commit', 'off', true); END IF;
  PERFORM 1 FROM org_meters m WHERE m.org_id IN (
    SELECT h.org_id FROM holds h WHERE h.request_id IN (SELECT x->>'requestId' FROM jsonb_array_elements(p_items) x)
  ) ORDER BY m.org_id FOR UPDATE;
  now_micros := coalesce(p_now_micros, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
  now_at := to_timestamp(now_micros / 1000000.0);

  WITH items AS MATERIALIZED (
    SELECT DISTINCT ON (x."requestId") x.* FROM jsonb_to_recordset(p_items) AS x(position int, "requestId" text, "orgId" text, ending text, "ledgerId" text, "usageId" text,
      "promptTokens" bigint, "cachedTokens" bigint, "completionTokens" bigint, "trainedTokens" bigint, "gpuMicros" bigint, "queueMicros" bigint, outcome text, "occurredAtMicros" bigint)
    ORDER BY x."requestId", x.position
  ), found AS (
    SELECT i.*, h AS hold,
      CASE WHEN h.id IS NULL OR (i."orgId" IS NOT NULL AND i."orgId" <> h.org_id) THEN 'unknown'
        WHEN h.status = 'held' THEN CASE i.ending WHEN 'settle' THEN 'settled' WHEN 'void' THEN 'voided' ELSE 'expired' END
        WHEN h.status = 'expired' AND i.ending = 'settle' THEN 'settled'
        ELSE 'duplicate' END AS became
    FROM items i LEFT JOIN holds h ON h.request_id = i."requestId"
  )
  SELECT
    array_agg(ROW(f."ledgerId", f."usageId", f.ending, f.hold, f.ending = 'settle', f."promptTokens", f."cachedTokens", f."completionTokens", f."trainedTokens", f."gpuMicros", f."queueMicros",
      parapet_cost(p, (f.hold).kind, f."promptTokens", f."cachedTokens", f."completionTokens", f."trainedTokens", f."gpuMicros"), f.outcome,
      coalesce(to_timestamp(f."occurredAtMicros" / 1000000.0), now_at))::parapet_closing) FILTER (WHERE f.became IN ('settled', 'voided', 'expired')),
    jsonb_agg(jsonb_build_object('requestId', f."requestId", 'became', f.became,
      'spendMicros', CASE WHEN f.became = 'settled' THEN parapet_cost(p, (f.hold).kind, f."promptTokens", f."cachedTokens", f."completionTokens", f."trainedTokens", f."gpuMicros") ELSE 0 END))
  INTO closings, results
  FROM found f LEFT JOIN model_prices p ON p.id = (f.hold).price_id;
  IF closings IS NULL THEN RETURN coalesce(results, '[]'); END IF;

  UPDATE holds h SET status = CASE c.ending WHEN 'settle' THEN 'settled' WHEN 'void' THEN 'voided' ELSE 'expired' END, closed_at = now_at
    FROM unnest(closings) c WHERE h.id = (c.hold).id;
  INSERT INTO usage_events (id, org_id, kind, request_id, key_id, model, adapter, prompt_tokens, cached_tokens, completion_tokens, trained_tokens, gpu_micros, queue_micros,
      spend_micros, price_id, outcome, period, occurred_at, created_at)
    SELECT c.usage_id, (c.hold).org_id, (c.hold).kind, (c.hold).request_id, (c.hold).key_id, (c.hold).model, (c.hold).adapter, c.prompt, c.cached, c.completion, c.trained, c.gpu, c.queue,
      c.spend, (c.hold).price_id, c.outcome, (c.hold).period, c.at, now_at
    FROM unnest(closings) c WHERE c.charged;
  INSERT INTO ledger_entries (id, org_id, kind, phase, request_id, hold_id, key_id, resource, period, gpu_held, gpu_used, spend_held, spend_used, reason, created_at)
    SELECT c.ledger_id, (c.hold).org_id, c.ending, CASE WHEN c.charged THEN 'charge' ELSE 'release' END, (c.hold).request_id, (c.hold).id, (c.hold).key_id, (c.hold).kind, (c.hold).period,
      CASE WHEN (c.hold).status = 'held' THEN -(c.hold).gpu_micros ELSE 0 END, CASE WHEN c.charged THEN c.gpu ELSE 0 END,
      CASE WHEN (c.hold).status = 'held' THEN -(c.hold).spend_micros ELSE 0 END, CASE WHEN c.charged THEN c.spend ELSE 0 END, c.outcome, now_at
    FROM unnest(closings) c;

  INSERT INTO usage_hourly AS t (org_id, kind, key_id, model, adapter, hour, requests, prompt_tokens, cached_tokens, completion_tokens, trained_tokens, gpu_micros, spend_micros)
    SELECT (c.hold).org_id, (c.hold).kind, coalesce((c.hold).key_id, ''), (c.hold).model, coalesce((c.hold).adapter, ''), date_trunc('hour', c.at, 'UTC'), count(*), sum(c.prompt), sum(c.cached), sum(c.completion), sum(c.trained), sum(c.gpu), sum(c.spend)
    FROM unnest(closings) c WHERE c.charged GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (org_id, hour, kind, key_id, model, adapter) DO UPDATE SET requests = t.requests + excluded.requests, prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
      cached_tokens = t.cached_tokens + excluded.cached_tokens, completion_tokens = t.completion_tokens + excluded.completion_tokens, trained_tokens = t.trained_tokens + excluded.trained_tokens,
      gpu_micros = t.gpu_micros + excluded.gpu_micros, spend_micros = t.spend_micros + excluded.spend_micros;
  INSERT INTO usage_daily AS t (org_id, kind, key_id, model, adapter, day, requests, prompt_tokens, cached_tokens, completion_tokens, trained_tokens, gpu_micros, spend_micros)
    SELECT (c.hold).org_id, (c.hold).kind, coalesce((c.hold).key_id, ''), (c.hold).model, coalesce((c.hold).adapter, ''), (c.at AT TIME ZONE 'UTC')::date, count(*), sum(c.prompt), sum(c.cached), sum(c.completion), sum(c.trained), sum(c.gpu), sum(c.spend)
    FROM unnest(closings) c WHERE c.charged GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (org_id, day, kind, key_id, model, adapter) DO UPDATE SET requests = t.requests + excluded.requests, prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
      cached_tokens = t.cached_tokens + excluded.cached_tokens, completion_tokens = t.completion_tokens + excluded.completion_tokens, trained_tokens = t.trained_tokens + excluded.trained_tokens,
      gpu_micros = t.gpu_micros + excluded.gpu_micros, spend_micros = t.spend_micros + excluded.spend_micros;

  UPDATE org_periods p SET
      inference_gpu_used = p.inference_gpu_used + s.inference_used, inference_gpu_held = p.inference_gpu_held - s.inference_held,
      training_gpu_used = p.training_gpu_used + s.training_used, training_gpu_held = p.training_gpu_held - s.training_held,
      spend_used = p.spend_used + s.spend_used, spend_held = p.spend_held - s.spend_held
    FROM (
      SELECT (c.hold).org_id, (c.hold).period,
        coalesce(sum(c.gpu) FILTER (WHERE c.charged AND (c.hold).kind = 'inference'), 0) AS inference_used,
        coalesce(sum((c.hold).gpu_micros) FILTER (WHERE (c.hold).status = 'held' AND (c.hold).kind = 'inference'), 0) AS inference_held,
        coalesce(sum(c.gpu) FILTER (WHERE c.charged AND (c.hold).kind = 'training'), 0) AS training_used,
        coalesce(sum((c.hold).gpu_micros) FILTER (WHERE (c.hold).status = 'held' AND (c.hold).kind = 'training'), 0) AS training_held,
        coalesce(sum(c.spend) FILTER (WHERE c.charged), 0) AS spend_used,
        coalesce(sum((c.hold).spend_micros) FILTER (WHERE (c.hold).status = 'held'), 0) AS spend_held
      FROM unnest(closings) c GROUP BY 1, 2
    ) s WHERE p.org_id = s.org_id AND p.period = s.period;
  INSERT INTO key_periods AS p (key_id, period, org_id)
    SELECT DISTINCT (c.hold).key_id, (c.hold).period, (c.hold).org_id FROM unnest(closings) c
    WHERE (c.hold).key_id IS NOT NULL AND c.spend > 0 AND c.charged AND NOT EXISTS (SELECT 1 FROM key_periods e WHERE e.key_id = (c.hold).key_id AND e.period = (c.hold).period);
  UPDATE key_periods p SET spend_used = p.spend_used + s.used, spend_held = p.spend_held - s.held
    FROM (SELECT (c.hold).key_id, (c.hold).period, coalesce(sum((c.hold).spend_micros) FILTER (WHERE (c.hold).status = 'held'), 0) AS held,
        coalesce(sum(c.spend) FILTER (WHERE c.charged), 0) AS used
      FROM unnest(closings) c WHERE (c.hold).key_id IS NOT NULL GROUP BY 1, 2) s
    WHERE p.key_id = s.key_id AND p.period = s.period AND (s.held <> 0 OR s.used <> 0);

  -- Tokens that were held and not used go back to the buckets.
  UPDATE org_meters m SET
      running_requests = m.running_requests - s.ended,
      token_level = greatest(0, parapet_drain(m.token_level, coalesce(l.tpm, 0), now_micros - m.drained_at_micros) - s.unused * unit),
      request_level = parapet_drain(m.request_level, coalesce(l.rpm, 0), now_micros - m.drained_at_micros),
      drained_at_micros = greatest(now_micros, m.drained_at_micros)
    FROM (SELECT (c.hold).org_id, count(*) AS ended, sum(greatest(0, (c.hold).tokens - CASE WHEN c.charged THEN c.prompt + c.completion ELSE 0 END))::bigint AS unused
      FROM unnest(closings) c WHERE (c.hold).status = 'held' AND (c.hold).kind = 'inference' GROUP BY 1) s
    JOIN LATERAL (SELECT parapet_rate(q.limits, 'tokensPerMinute') AS tpm, parapet_rate(q.limits, 'requestsPerMinute') AS rpm
      FROM (SELECT parapet_limits(s.org_id) AS limits) q) l ON true
    WHERE m.org_id = s.org_id;
  UPDATE key_meters m SET
      token_level = greatest(0, parapet_drain(m.token_level, coalesce(a.tokens_per_minute, 0), now_micros - m.drained_at_micros) - s.unused * unit),
      request_level = parapet_drain(m.request_level, coalesce(a.requests_per_minute, 0), now_micros - m.drained_at_micros),
      drained_at_micros = greatest(now_micros, m.drained_at_micros)
    FROM (SELECT (c.hold).key_id, sum(greatest(0, (c.hold).tokens - CASE WHEN c.charged THEN c.prompt + c.completion ELSE 0 END))::bigint AS unused
      FROM unnest(closings) c WHERE (c.hold).status = 'held' AND (c.hold).kind = 'inference' AND (c.hold).key_id IS NOT NULL GROUP BY 1) s
    JOIN api_keys a ON a.id = s.key_id AND a.tokens_per_minute IS NOT NULL
    WHERE m.key_id = s.key_id;
  RETURN results;
END $$;
-- Closes what nobody settled in time. A training lease is charged what it reported, a request nothing (its worker
-- may still report; that settles it late).
CREATE FUNCTION parapet_expire(p_ids jsonb, p_now_micros bigint DEFAULT NULL) RETURNS jsonb
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  now_at timestamptz := to_timestamp(coalesce(p_now_micros, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) / 1000000.0);
  items jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('position', e.n, 'requestId', e.request_id, 'ending', CASE WHEN e.kind = 'training' AND e.accrued_gpu_micros > 0 THEN 'settle' ELSE 'expire' END,
      'ledgerId', p_ids->(e.n::int - 1)->>0, 'usageId', p_ids->(e.n::int - 1)->>1, 'promptTokens', 0, 'cachedTokens', 0, 'completionTokens', 0, 'trainedTokens', 0,
      'gpuMicros', e.accrued_gpu_micros, 'queueMicros', 0, 'outcome', 'expired'))
    INTO items
    FROM (SELECT h.*, row_number() OVER (ORDER BY h.expires_at, h.id) AS n FROM holds h WHERE h.status = 'held' AND h.expires_at < now_at ORDER BY h.expires_at, h.id LIMIT jsonb_array_length(p_ids)) e;
  IF items IS NULL THEN RETURN '[]'; END IF;
  RETURN parapet_close(items, p_now_micros);
END $$;
-- A training lease reports its device time so far: the hold lives on, and grows to `p_wanted` where the quota lets it.
-- False = the quota is used up; the job must stop.
CREATE FUNCTION parapet_accrue(p_request_id text, p_gpu_micros bigint, p_wanted bigint, p_ttl_micros bigint, p_ledger_id text, p_now_micros bigint DEFAULT NULL) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  now_micros bigint; h holds; org text; gpu_limit bigint; balance bigint; price model_prices; more bigint; more_spend bigint;
BEGIN
  SELECT x.org_id INTO org FROM holds x WHERE x.request_id = p_request_id;
  PERFORM 1 FROM org_meters m WHERE m.org_id = org FOR UPDATE;
  SELECT * INTO h FROM holds x WHERE x.request_id = p_request_id AND x.status = 'held';
  IF NOT FOUND THEN RETURN NULL; END IF;
  now_micros := coalesce(p_now_micros, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
  SELECT (parapet_limits(h.org_id)->>'gpuSecondsPerMonth')::bigint * 1000000 INTO gpu_limit;
  SELECT p.inference_gpu_used + p.inference_gpu_held + p.training_gpu_used + p.training_gpu_held INTO balance
    FROM org_periods p WHERE p.org_id = h.org_id AND p.period = h.period;
  more := greatest(0, p_wanted - h.gpu_micros);
  IF gpu_limit IS NOT NULL THEN more := greatest(0, least(more, gpu_limit - balance)); END IF;
  SELECT * INTO price FROM model_prices m WHERE m.id = h.price_id;
  more_spend := parapet_cost(price, h.kind, 0, 0, 0, 0, h.gpu_micros + more) - parapet_cost(price, h.kind, 0, 0, 0, 0, h.gpu_micros);
  UPDATE holds x SET accrued_gpu_micros = greatest(x.accrued_gpu_micros, p_gpu_micros), gpu_micros = x.gpu_micros + more, spend_micros = x.spend_micros + more_spend,
    expires_at = to_timestamp((now_micros + p_ttl_micros) / 1000000.0) WHERE x.id = h.id;
  IF more > 0 THEN
    UPDATE org_periods p SET training_gpu_held = p.training_gpu_held + more, spend_held = p.spend_held + more_spend WHERE p.org_id = h.org_id AND p.period = h.period;
    UPDATE key_periods p SET spend_held = p.spend_held + more_spend WHERE p.key_id = h.key_id AND p.period = h.period;
    INSERT INTO ledger_entries (id, org_id, kind, phase, request_id, hold_id, key_id, resource, period, gpu_held, spend_held, created_at)
      VALUES (p_ledger_id, h.org_id, 'hold', 'extend', h.request_id, h.id, h.key_id, h.kind, h.period, more, more_spend, to_timestamp(now_micros / 1000000.0));
  END IF;
  RETURN gpu_limit IS NULL OR p_gpu_micros < h.gpu_micros + more;
END $$;
-- An administrator's correction of what counts as used.
CREATE FUNCTION parapet_adjust(p_id text, p_org_id text, p_resource text, p_period date, p_gpu_micros bigint, p_spend_micros bigint, p_reason text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO org_meters (org_id) VALUES (p_org_id) ON CONFLICT DO NOTHING;
  PERFORM 1 FROM org_meters m WHERE m.org_id = p_org_id FOR UPDATE;
  INSERT INTO org_periods AS p (org_id, period, inference_gpu_used, training_gpu_used, spend_used)
    VALUES (p_org_id, p_period, CASE WHEN p_resource = 'inference' THEN p_gpu_micros ELSE 0 END, CASE WHEN p_resource = 'training' THEN p_gpu_micros ELSE 0 END, p_spend_micros)
    ON CONFLICT (org_id, period) DO UPDATE SET inference_gpu_used = p.inference_gpu_used + excluded.inference_gpu_used,
      training_gpu_used = p.training_gpu_used + excluded.training_gpu_used, spend_used = p.spend_used + excluded.spend_used;
  INSERT INTO ledger_entries (id, org_id, kind, phase, request_id, resource, period, gpu_used, spend_used, reason)
    VALUES (p_id, p_org_id, 'adjust', 'adjust', p_id, p_resource, p_period, p_gpu_micros, p_spend_micros, p_reason);
END $$;
-- One bucket of `p_limit` units a minute for anything that is not an inference request. Null = taken; else microseconds to wait.
CREATE FUNCTION parapet_take(p_scope text, p_units bigint, p_limit bigint, p_now_micros bigint DEFAULT NULL) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  unit constant bigint := 60000000; bucket rate_limit_buckets; now_micros bigint;
BEGIN
  INSERT INTO rate_limit_buckets VALUES (p_scope, 0, 0) ON CONFLICT DO NOTHING;
  SELECT * INTO bucket FROM rate_limit_buckets b WHERE b.scope = p_scope FOR UPDATE;
  now_micros := coalesce(p_now_micros, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
  bucket.level := parapet_drain(bucket.level, p_limit, now_micros - bucket.drained_at_micros);
  IF bucket.level + p_units * unit > p_limit * unit THEN
    RETURN ceil((bucket.level + p_units * unit - p_limit * unit)::numeric / greatest(p_limit, 1));
  END IF;
  UPDATE rate_limit_buckets b SET level = bucket.level + p_units * unit, drained_at_micros = now_micros WHERE b.scope = p_scope;
  RETURN NULL;
END $$;
DO $$
DECLARE
  f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    AND p.proname IN ('parapet_admit', 'parapet_close', 'parapet_expire', 'parapet_accrue', 'parapet_adjust', 'parapet_take', 'parapet_levels') LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO parapet_platform', f);
  END LOOP;
END $$;
