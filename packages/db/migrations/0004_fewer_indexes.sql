DROP INDEX "holds_org_idx";--> statement-breakpoint
DROP INDEX "holds_closed_idx";--> statement-breakpoint
DROP INDEX "usage_events_period_idx";--> statement-breakpoint
DROP INDEX "usage_events_org_idx";--> statement-breakpoint
CREATE INDEX "usage_events_org_idx" ON "usage_events" USING btree ("org_id","period","occurred_at");