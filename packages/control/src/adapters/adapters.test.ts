import { newId } from '@parapet/contracts/ids';
import { baseModels } from '@parapet/db/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapterFile, ControlFixture, type Person } from '../testing/control-fixture.ts';
import { aliasBack } from '../verbs/adapters/alias-back.ts';
import { deleteAdapter } from '../verbs/adapters/delete-adapter.ts';
import { getAdapter } from '../verbs/adapters/get-adapter.ts';
import { importAdapter } from '../verbs/adapters/import-adapter.ts';
import { listAdapters } from '../verbs/adapters/list-adapters.ts';
import { moveAlias } from '../verbs/adapters/move-alias.ts';
import { readAdapterContent } from '../verbs/adapters/read-content.ts';
import { deleteModel } from '../verbs/models/delete-model.ts';
import { listModels } from '../verbs/models/list-models.ts';

const baseDigest = 'b'.repeat(64);

describe('adapters', () => {
  let fixture: ControlFixture;
  let owner: Person;
  beforeAll(async () => {
    fixture = await ControlFixture.open();
    owner = (await fixture.organisation('Acme')).owner;
    const base = { id: newId('baseModel'), name: 'tiny', digest: baseDigest, source: 'builtin', isDefault: true };
    await fixture.services.database.db.insert(baseModels).values(base);
  });
  afterAll(() => fixture.close());

  const content = (bytes: Uint8Array) =>
    (async function* () {
      yield bytes;
    })();
  const bring = (by: Person, more: object = {}) =>
    importAdapter(fixture.as(by), {
      name: 'Support',
      adapterId: null,
      content: content(adapterFile(baseDigest)),
      ...more,
    });

  it('imports one, whose file comes back byte for byte, and moves an alias there and back', async () => {
    const made = await bring(owner);
    const first = made.versionList[0]!;
    const { stream } = await readAdapterContent(fixture.as(owner), { versionId: first.id });
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(Buffer.from(part));
    expect(Buffer.concat(parts)).toEqual(adapterFile(baseDigest));

    const second = (await bring(owner, { adapterId: made.id })).versionList[0]!;
    expect(second.version).toBe(2);
    const where = { adapterId: made.id, alias: 'prod' };
    await moveAlias(fixture.as(owner), { ...where, versionId: first.id });
    const moved = await moveAlias(fixture.as(owner), { ...where, versionId: second.id });
    expect(moved.aliases[0]).toMatchObject({ name: 'prod', version: 2, previousVersionId: first.id });
    expect(moved.aliases[0]?.model).toBe('ft:tiny:acme:support:prod');
    expect((await aliasBack(fixture.as(owner), where)).aliases[0]?.version).toBe(1);
    const names = (await listModels(fixture.as(owner), undefined)).map(({ model }) => model);
    expect(names).toEqual(['tiny', 'ft:tiny:acme:support:prod', second.model, first.model]);
    await deleteModel(fixture.as(owner), { model: second.model });
    await expect(deleteModel(fixture.as(owner), { model: 'tiny' })).rejects.toMatchObject({ code: 'model_not_found' });
  });

  it('refuses files that are no adapters, and adapters of models that are not served here', async () => {
    const bad = content(Buffer.from('not an adapter at all'));
    await expect(bring(owner, { content: bad })).rejects.toMatchObject({ code: 'invalid_adapter' });
    const foreign = content(adapterFile('c'.repeat(64)));
    await expect(bring(owner, { content: foreign })).rejects.toMatchObject({ code: 'base_model_mismatch' });
  });

  it('shows and gives nothing to others', async () => {
    const { id, versionList } = await bring(owner);
    const other = (await fixture.organisation('Other')).owner;
    const missing = { code: 'not_found' };
    await expect(getAdapter(fixture.as(other), { adapterId: id })).rejects.toMatchObject(missing);
    await expect(deleteAdapter(fixture.as(other), { adapterId: id })).rejects.toMatchObject(missing);
    await expect(readAdapterContent(fixture.as(other), { versionId: versionList[0]!.id })).rejects.toMatchObject(
      missing,
    );
    expect((await listModels(fixture.as(other), undefined)).map(({ model }) => model)).toEqual(['tiny']);
    await deleteAdapter(fixture.as(owner), { adapterId: id });
    const left = await listAdapters(fixture.as(owner), { limit: 50, sort: 'newest' });
    expect(left.items.map((adapter) => adapter.id)).not.toContain(id);
  });
});
