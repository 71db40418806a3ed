import { ParapetError } from '@parapet/contracts/errors';
import { type Part, PartFactory } from './grammar.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Keywords that constrain nothing here. `format` is an annotation, as the specification has it by default. */
const annotations = new Set([
  '$schema',
  '$id',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'format',
  '$comment',
  'deprecated',
  'readOnly',
  'writeOnly',
  'strict',
]);
const known = new Set([
  ...['type', 'enum', 'const', 'anyOf', 'oneOf', '$ref', 'properties', 'required', 'additionalProperties'],
  ...['items', 'minItems', 'maxItems', 'minLength', 'maxLength'],
]);

/** Deepest that one list of optional parts may be spelt out. */
const mostItems = 1000;

/**
 * The JSON texts that a schema allows, as a grammar: compact, with at most one space behind a comma or colon, object keys
 * in the schema's order and none beside them. What comes out satisfies the schema; not all that satisfies it can come out.
 *
 * @throws ParapetError for a keyword that can't be enforced, naming it
 */
export function jsonGrammar(root: Schema): Part {
  return new Compiler(root).root();
}

class Compiler {
  private readonly make = new PartFactory();
  private readonly references = new Map<string, Part>();
  private readonly anything: Part = this.make.lazy(() =>
    this.make.choice([
      this.anyObject,
      this.anyArray,
      this.make.string(),
      this.make.number(false),
      ...this.words(['true', 'false', 'null']),
    ]),
  );
  private readonly comma = this.separator(',');
  private readonly colon = this.separator(':');
  private readonly anyObject: Part = this.make.lazy(() =>
    this.list('{', '}', this.make.sequence([this.make.string(), this.colon, this.anything]), 0, mostItems),
  );
  private readonly anyArray: Part = this.make.lazy(() => this.list('[', ']', this.anything, 0, mostItems));

  constructor(private readonly schema: Schema) {}

  root(): Part {
    return Object.keys(this.schema).every((key) => annotations.has(key)) ? this.anyObject : this.value(this.schema, '');
  }

  private value(schema: unknown, path: string): Part {
    if (schema === true) return this.anything;
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) throw refused(path, 'is no schema');
    const one = schema as Schema;
    for (const key of Object.keys(one)) {
      if (!known.has(key) && !annotations.has(key)) throw refused(path, `uses "${key}", which can't be enforced`);
    }
    if (typeof one.$ref === 'string') return this.reference(one.$ref, path);
    if ('const' in one) return this.make.literal(JSON.stringify(one.const));
    if (Array.isArray(one.enum)) {
      if (one.enum.length === 0) throw refused(path, 'has an empty enum');
      return this.make.choice(one.enum.map((option) => this.make.literal(JSON.stringify(option))));
    }
    const branches = one.anyOf ?? one.oneOf;
    if (Array.isArray(branches))
      return this.make.choice(branches.map((branch, i) => this.value(branch, `${path}/anyOf/${i}`)));
    if (Array.isArray(one.type)) return this.make.choice(one.type.map((type) => this.typed({ ...one, type }, path)));
    return this.typed(one, path);
  }

  private typed(schema: Schema, path: string): Part {
    const type = schema.type ?? (schema.properties ? 'object' : schema.items ? 'array' : undefined);
    switch (type) {
      case undefined:
        return this.anything;
      case 'object':
        return this.object(schema, path);
      case 'array': {
        const item = schema.items === undefined ? this.anything : this.value(schema.items, `${path}/items`);
        return this.list(
          '[',
          ']',
          item,
          Number(schema.minItems ?? 0),
          Math.min(Number(schema.maxItems ?? mostItems), mostItems),
        );
      }
      case 'string':
        return this.make.string(Number(schema.minLength ?? 0), Number(schema.maxLength ?? Number.POSITIVE_INFINITY));
      case 'number':
      case 'integer':
        return this.make.number(type === 'integer');
      case 'boolean':
        return this.make.choice(this.words(['true', 'false']));
      case 'null':
        return this.make.literal('null');
      default:
        throw refused(path, `has the unknown type ${JSON.stringify(type)}`);
    }
  }

  private object(schema: Schema, path: string): Part {
    const properties = Object.entries((schema.properties ?? {}) as Record<string, unknown>);
    if (properties.length === 0 && schema.additionalProperties !== false) {
      const values = schema.additionalProperties;
      if (values === undefined || values === true) return this.anyObject;
      const value = this.value(values, `${path}/additionalProperties`);
      return this.list('{', '}', this.make.sequence([this.make.string(), this.colon, value]), 0, mostItems);
    }
    const required = new Set((schema.required ?? []) as string[]);
    const missing = [...required].find((name) => !properties.some(([key]) => key === name));
    if (missing !== undefined) throw refused(path, `requires "${missing}", which is not among its properties`);
    const members = properties.map(([key, value]) => ({
      optional: !required.has(key),
      part: this.make.sequence([
        this.make.literal(JSON.stringify(key)),
        this.colon,
        this.value(value, `${path}/properties/${key}`),
      ]),
    }));
    const close = this.make.literal('}');
    /** What may follow with member `i` the next in order; `first` = none was written yet. */
    const rest = (i: number, first: boolean): Part => {
      const member = members[i];
      if (member === undefined) return close;
      const written = this.make.sequence([
        ...(first ? [] : [this.comma]),
        member.part,
        this.make.lazy(() => following(i + 1, false)),
      ]);
      return member.optional ? this.make.choice([written, this.make.lazy(() => following(i + 1, first))]) : written;
    };
    const built = new Map<string, Part>();
    const following = (i: number, first: boolean): Part => {
      const key = `${i}${first}`;
      const part = built.get(key) ?? rest(i, first);
      built.set(key, part);
      return part;
    };
    return this.make.sequence([this.make.literal('{'), following(0, true)]);
  }

  private list(open: string, close: string, item: Part, min: number, max: number): Part {
    const end = this.make.literal(close);
    const built = new Map<number, Part>();
    const more = (count: number): Part => {
      // Past the least number of items all counts are alike unless there is a greatest.
      const key = max >= mostItems ? Math.min(count, Math.max(min, 1)) : count;
      const found = built.get(key);
      if (found !== undefined) return found;
      const another = this.make.sequence([
        ...(count === 0 ? [] : [this.comma]),
        item,
        this.make.lazy(() => more(count + 1)),
      ]);
      const part = count >= max ? end : count < min ? another : this.make.choice([end, another]);
      built.set(key, part);
      return part;
    };
    return this.make.sequence([this.make.literal(open), this.make.lazy(() => more(0))]);
  }

  private reference(pointer: string, path: string): Part {
    const found = this.references.get(pointer);
    if (found !== undefined) return found;
    if (!pointer.startsWith('#')) throw refused(path, `refers to "${pointer}"; only references within the schema work`);
    const target = pointer
      .slice(1)
      .split('/')
      .filter((step) => step !== '')
      .reduce<unknown>(
        (at, step) => (at as Schema | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')],
        this.schema,
      );
    if (target === undefined) throw refused(path, `refers to "${pointer}", which is not there`);
    const part = this.make.lazy(() => this.value(target, pointer));
    this.references.set(pointer, part);
    if (target !== this.schema) this.value(target, pointer); // what is wrong in it is found now, not on the way
    return part;
  }

  private separator(mark: string): Part {
    return this.make.choice([this.make.literal(mark), this.make.literal(`${mark} `)]);
  }

  private words(words: readonly string[]): Part[] {
    return words.map((word) => this.make.literal(word));
  }
}

function refused(path: string, why: string): ParapetError {
  return new ParapetError(
    'invalid_request',
    `The JSON schema can't be used: ${path === '' ? 'its root' : path} ${why}.`,
    {
      param: 'response_format',
    },
  );
}
