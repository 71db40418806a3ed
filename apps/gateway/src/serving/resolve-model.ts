import { resolveModel as findAdapter } from '@parapet/adapter-store/catalogue';
import { ParapetError } from '@parapet/contracts/errors';
import { authoriseTenant } from '@parapet/control/authorise';
import type { ControlContext } from '@parapet/control/context';
import { baseModels } from '@parapet/db/schema';
import { withTenant } from '@parapet/db/tenant';
import { eq } from 'drizzle-orm';
import type { ServableModel } from '../services.ts';

const notFound = (name: string) =>
  new ParapetError('model_not_found', `The model '${name}' does not exist or you do not have access to it.`, {
    param: 'model',
  });

/**
 * The model of that name, a base model, an adapter's version, an alias or a checkpoint of the caller's organisation,
 * if the caller may ask for completions at all.
 */
export async function lookUpModel(context: ControlContext, name: string): Promise<ServableModel> {
  const { principal, services } = context;
  const tenancy = authoriseTenant('models.resolve', principal);
  if (tenancy.suspended) {
    throw new ParapetError(
      'tenant_suspended',
      'This organisation is suspended. Ask the administrators of this platform.',
    );
  }
  if (principal.kind === 'user' && principal.viewing) {
    throw new ParapetError(
      'permission_denied',
      'You are looking at this organisation as an admin: nothing is charged to it.',
    );
  }
  if (principal.kind === 'api_key' && principal.allowedModels?.includes(name) === false) throw notFound(name);
  return withTenant(services.database.db, tenancy.id, async (tx) => {
    const adapter = await findAdapter(tx, tenancy.id, name);
    const [base] = await tx
      .select()
      .from(baseModels)
      .where(eq(baseModels.name, adapter?.baseModel ?? name));
    if (!base?.digest || base.state === 'retired') throw notFound(name);
    return {
      name,
      baseModel: base.name,
      baseDigest: adapter?.baseDigest ?? base.digest,
      contextTokens: base.contextTokens ?? 2048,
      adapter: adapter && {
        id: adapter.adapterId ?? name,
        name,
        version: adapter.version ?? 0,
        digest: adapter.digest,
      },
    };
  });
}
