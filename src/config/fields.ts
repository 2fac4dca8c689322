import { schema } from './schema.js';
import type { Config } from './schema.js';

/** One option, as the schema has it. */
export interface Field {
  /** `http.listen` */
  readonly path: string;
  /** `XIANGYIN_HTTP_LISTEN` */
  readonly variable: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'array';
  /** Whether it is a file or folder. */
  readonly isPath: boolean;
  /** A list of sections: their keys that are a file or folder. Undefined for other types, and lists of words. */
  readonly entryPaths: readonly string[] | undefined;
  readonly description: string;
  readonly unit: string | undefined;
  /** Undefined when the option may be absent. */
  readonly default: unknown;
}

/** A part of a configuration, nested as in the file. */
export type Tree = { [key: string]: unknown };

interface Section {
  readonly properties: Readonly<Record<string, Section | Leaf>>;
}
interface Leaf {
  readonly type: Field['type'];
  readonly description: string;
  readonly path?: boolean;
  readonly unit?: string;
  readonly default?: unknown;
  readonly items?: {
    readonly type: string;
    readonly properties?: Readonly<Record<string, { readonly type: string; readonly path?: boolean }>>;
  };
}

/** Every option, in the schema's order. */
export const fields: readonly Field[] = leavesOf(schema, []);

/** What holds when nothing is configured; paths as written, not yet resolved. */
export const defaults: Config = freeze(defaultTree()) as unknown as Config;

/** `mediaServer.rtpPorts` is `XIANGYIN_MEDIA_SERVER_RTP_PORTS`. */
function variableName(path: string): string {
  return `XIANGYIN_${path
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

/** Sets the value at a dotted path, making the sections on the way. */
export function setAt(tree: Tree, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? path;
  let section = tree;
  for (const key of keys) {
    const next = (section[key] ??= {});
    section = next as Tree;
  }
  section[last] = value;
}

/** The value at a dotted path, undefined if it or a section above it is not there. */
export function getAt(tree: Tree, path: string): unknown {
  let value: unknown = tree;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Tree)[key];
  }
  return value;
}

/** Freezes the tree and everything in it. */
export function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) freeze(inner as object);
  }
  return Object.freeze(value);
}

/** A tree of the defaults that the caller may change. */
export function defaultTree(): Tree {
  const tree: Tree = {};
  for (const field of fields) {
    if (field.default !== undefined) setAt(tree, field.path, structuredClone(field.default));
  }
  return tree;
}

function leavesOf(section: Section, above: readonly string[]): Field[] {
  return Object.entries(section.properties).flatMap(([key, entry]) => {
    const keys = [...above, key];
    if ('properties' in entry) return leavesOf(entry, keys);
    const path = keys.join('.');
    return [
      {
        path,
        variable: variableName(path),
        type: entry.type,
        isPath: entry.path === true,
        entryPaths: pathsOf(entry.items?.properties),
        description: entry.description,
        unit: entry.unit,
        default: entry.default,
      },
    ];
  });
}

function pathsOf(properties: NonNullable<Leaf['items']>['properties']): string[] | undefined {
  return properties && Object.keys(properties).filter((key) => properties[key]?.path === true);
}
