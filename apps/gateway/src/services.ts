import type { ControlContext, ControlServices, Principal } from '@parapet/control/context';
import type { Metering } from '@parapet/metering/metering';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.ts';
import type { CostEstimator } from './serving/cost-estimator.ts';
import type { Fleet } from './serving/fleet.ts';
import type { Headroom } from './serving/headroom.ts';
import type { SettledRequests } from './serving/settled-requests.ts';

/** A model as a request may name it, found and allowed. */
export interface ServableModel {
  /** As it was asked for and as the answer names it. */
  name: string;
  baseModel: string;
  baseDigest: string;
  contextTokens: number;
  /** null = the bare base model. */
  adapter: { id: string; name: string; version: number; digest: string } | null;
}

/** What the handlers work with; made once a process. */
export interface GatewayServices {
  control: ControlServices;
  metering: Metering;
  fleet: Fleet;
  metrics: Metrics;
  estimator: CostEstimator;
  headroom: Headroom;
  settled: SettledRequests;
  log: Logger;
  /** Who calls, by API key or by session. @throws ParapetError */
  authenticate(request: FastifyRequest): Promise<Principal>;
  /** The model of that name if the caller may use it. @throws ParapetError `model_not_found` */
  resolveModel(context: ControlContext, name: string): Promise<ServableModel>;
  /** A model of that name is gone; other gateways learn it within a second. */
  forgetModel(name: string): void;
}
