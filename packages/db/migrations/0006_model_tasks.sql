CREATE TABLE "model_tasks" (
	"id" text PRIMARY KEY NOT NULL,
	"base_model_id" text NOT NULL,
	"kind" text NOT NULL,
	"weights" text,
	"status" text DEFAULT 'queued' NOT NULL,
	"fencing_token" integer DEFAULT 0 NOT NULL,
	"lease_owner" text,
	"lease_expires_at" timestamp (3) with time zone,
	"progress" jsonb,
	"result" jsonb,
	"error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "model_tasks" ADD CONSTRAINT "model_tasks_base_model_id_base_models_id_fk" FOREIGN KEY ("base_model_id") REFERENCES "public"."base_models"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "model_tasks_model_idx" ON "model_tasks" USING btree ("base_model_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "model_tasks_open_idx" ON "model_tasks" USING btree ("base_model_id") WHERE status in ('queued', 'running');