import { posix } from 'node:path';
import {
  emptyWords,
  environmentRooms,
  exitRooms,
  maxLines,
  mayImport,
  packageRooms,
  packageTypeRooms,
  pureNodeModules,
  pureRooms,
  typesOnly,
} from './rules.js';
import type { SourceFile } from './source-file.js';

/** Each check answers with one line per offence: the file, what is wrong, and what to do. */
export type Check = (sources: readonly SourceFile[]) => string[];

/**
 * `src/media/x.ts` is of room media, `src/main.ts` of room main; the other files straight in src are the composition root,
 * room server. Undefined outside src.
 */
export function roomOf(path: string): string | undefined {
  const [top, next, ...deeper] = path.split('/');
  if (top !== 'src' || next === undefined) return undefined;
  if (deeper.length > 0) return next;
  return next === 'main.ts' ? 'main' : 'server';
}

/** The path of the source that a relative specifier means; undefined for packages. */
export function targetOf(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier).replace(/\.js(x?)$/, '.ts$1');
}

/** `@scope/name/deep` is `@scope/name`; undefined for relative paths and Node's own modules. */
function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

export const checkFloors: Check = (sources) =>
  sources.flatMap(({ path, imports }) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    const allowed = mayImport[room];
    if (allowed === undefined) {
      return [`${path}: there is no room '${room}': move the file into a room of DESIGN.md §2`];
    }
    return imports.flatMap(({ specifier, typeOnly }) => {
      const target = targetOf(path, specifier);
      if (target === undefined) return [];
      const other = roomOf(target);
      if (other === undefined) return [`${path} imports ${target}: nothing in src imports from outside src`];
      if (other === room) return [];
      if (!allowed.includes(other)) {
        const free = allowed.length === 0 ? 'no room' : allowed.join(', ');
        return [
          `${path} imports ${target}: ${room} may import from ${free}. ` +
            'Take what you need as an option that the composition root hands in, or move it to a lower floor',
        ];
      }
      if (!typeOnly && typesOnly.some(([from, to]) => from === room && to === other)) {
        return [
          `${path} imports ${target}: ${room} may import only types from ${other}, write 'import type'`,
        ];
      }
      return [];
    });
  });

export const checkRings: Check = (sources) => {
  const targets = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.flatMap(({ specifier }) => targetOf(path, specifier) ?? []).sort(),
    ]),
  );
  const done = new Set<string>();
  const rings: string[] = [];
  const walk = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at !== -1) {
      const ring = [...way.slice(at), path].join(' -> ');
      rings.push(`${ring}: these files import each other in a ring; move what both need to a third file`);
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) walk(target, [...way, path]);
    done.add(path);
  };
  for (const { path } of sources) walk(path, []);
  return rings;
};

export const checkPackages: Check = (sources) =>
  sources.flatMap(({ path, imports }) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    return imports.flatMap(({ specifier, typeOnly }) => {
      if (pureRooms.includes(room) && specifier.startsWith('node:') && !pureNodeModules.includes(specifier)) {
        return [
          `${path} imports ${specifier}: ${room} is pure; do it in a room above and hand the result in`,
        ];
      }
      const name = packageOf(specifier);
      if (name === undefined) return [];
      const rooms = packageRooms[name];
      if (rooms === undefined) {
        return [
          `${path} imports ${name}: no room has this package yet; add it to DESIGN.md §2 and to rules.ts`,
        ];
      }
      if (rooms.includes(room)) return [];
      if (typeOnly && packageTypeRooms[name]?.includes(room) === true) return [];
      return [`${path} imports ${name}: only ${rooms.join(', ')} may; call that room instead`];
    });
  });

/** Of every package that src imports, whether package.json has it where an installation for production finds it. */
export function checkDeclared(sources: readonly SourceFile[], declared: readonly string[]): string[] {
  const used = sources
    .filter(({ path }) => roomOf(path) !== undefined)
    .flatMap(({ path, imports }) =>
      imports.flatMap((i) => ({ path, typeOnly: i.typeOnly, name: packageOf(i.specifier) })),
    );
  return used.flatMap(({ path, name, typeOnly }) =>
    name === undefined || typeOnly || declared.includes(name)
      ? []
      : [
          `${path} imports ${name}: it is not among the dependencies of package.json; add it with its exact version`,
        ],
  );
}

export const checkProcess: Check = (sources) =>
  sources.flatMap(({ path, readsEnvironment, exitsProcess, startsTimers }) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    const offences: string[] = [];
    if (readsEnvironment && !environmentRooms.includes(room)) {
      offences.push(
        `${path} reads process.env: make it an option of config/schema.ts and take it as an argument`,
      );
    }
    if (exitsProcess && !exitRooms.includes(room)) {
      offences.push(`${path} ends the process: throw an error instead, main and cli decide`);
    }
    if (startsTimers && pureRooms.includes(room)) {
      offences.push(`${path} starts a timer: ${room} is pure; answer with an action, or take a Clock`);
    }
    return offences;
  });

export const checkFiles: Check = (sources) =>
  sources.flatMap(({ path, lines, isBarrel }) => {
    const offences: string[] = [];
    const name = posix.basename(path).replace(/(\.test|\.d)?\.tsx?$/, '');
    if (lines > maxLines)
      offences.push(`${path} has ${lines} lines: split it by idea, ${maxLines} are the most`);
    if (isBarrel) offences.push(`${path} only re-exports: import from the files that declare`);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) offences.push(`${path}: name it in kebab-case`);
    const empty = name.split('-').find((word) => emptyWords.includes(word));
    if (empty !== undefined)
      offences.push(`${path}: '${empty}' does not say what is in it; use the field's term`);
    return offences;
  });

export const checkErrorCodes: Check = (sources) => {
  const owners = new Map<string, string>();
  return sources.flatMap(({ path, errorCodes }) => {
    const room = roomOf(path);
    if (room === undefined) return [];
    const folders = new Set([room, ...path.split('/').slice(1, -1)]);
    const prefixes = [...folders].map((folder) => `${folder.replaceAll('-', '_').toUpperCase()}_`);
    return errorCodes.flatMap((code) => {
      const offences: string[] = [];
      const owner = owners.get(code);
      if (owner !== undefined)
        offences.push(`${path} declares ${code}, as ${owner} does: codes are unique, rename one`);
      owners.set(code, path);
      if (!prefixes.some((prefix) => code.startsWith(prefix))) {
        offences.push(`${path} declares ${code}: begin it with its room's name, ${prefixes.join(' or ')}`);
      }
      return offences;
    });
  });
};
