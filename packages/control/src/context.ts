import type { DatabaseHandle } from '@parapet/db/client';
import type { Origin, Principal } from './access/principal.ts';

export type { Origin, Principal, Tenancy } from './access/principal.ts';

/** What the verbs work with; made once a process by the app. */
export interface ControlServices {
  database: DatabaseHandle;
  now(): Date;
}

/** One call: the services, who calls and from where. */
export interface ControlContext {
  services: ControlServices;
  principal: Principal;
  origin: Origin;
}
