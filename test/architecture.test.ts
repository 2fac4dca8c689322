import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { t } from 'tap';
import {
  checkDeclared,
  checkErrorCodes,
  checkFiles,
  checkFloors,
  checkPackages,
  checkProcess,
  checkRings,
} from './architecture/checks.js';
import { mayImport } from './architecture/rules.js';
import { parseSource, readSources } from './architecture/source-file.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = await readSources(root, ['src', 'test']);
const src = sources.filter(({ path }) => path.startsWith('src/'));

t.test('this project', async (t) => {
  t.ok(src.length > 20, 'the sources were found');
  t.strictSame(checkFloors(src), [], 'a room imports only from the floors below it');
  t.strictSame(checkRings(src), [], 'no files import each other in a ring');
  t.strictSame(checkPackages(src), [], 'an outside package is imported in its room');
  t.strictSame(checkProcess(src), [], 'environment, exit and timers stay where they belong');
  t.strictSame(checkErrorCodes(src), [], 'error codes are unique and begin with their room');
  t.strictSame(checkFiles(sources), [], 'files are short and named by what they hold');
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    dependencies: object;
    optionalDependencies?: object;
  };
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  t.strictSame(checkDeclared(src, declared), [], 'every package that src imports is a dependency');
});

/** The offences of made-up files, given as path and text. */
function offences(check: (s: typeof sources) => string[], files: Record<string, string>): string[] {
  return check(Object.entries(files).map(([path, text]) => parseSource(path, text)));
}

t.test('the floors are not only words', async (t) => {
  const refused = (path: string, text: string) => offences(checkFloors, { [path]: text });
  t.match(refused('src/core/x.ts', `import { a } from '../audio/pcm.js';`), [
    /src\/core\/x\.ts imports src\/audio\/pcm\.ts: core may import from no room/,
  ]);
  for (const text of [
    `import type { A } from '../media/pool.js';`,
    `export { a } from '../media/pool.js';`,
    `export * from '../media/pool.js';`,
    `const a = await import('../media/pool.js');`,
    `type A = import('../media/pool.js').A;`,
    `new Worker(new URL('../media/pool.js', import.meta.url));`,
    `import '../media/pool.js';`,
  ]) {
    t.match(refused('src/sip/agent.ts', text), [/sip may import from/], text);
  }
  t.strictSame(refused('src/call/x.ts', `import { a } from '../media/pool.js'; import './y.js';`), []);
  t.match(refused('src/call/x.ts', `import { a } from '../embedded/pair.js';`), [/embedded\/pair/]);
  t.match(refused('src/call/x.ts', `import { a } from '../config/load-config.js';`), [/config/]);
  t.match(refused('src/embedded/sip/x.ts', `import { a } from '../../sip/agent.js';`), [
    /embedded may import/,
  ]);
  t.match(refused('src/server.ts', `import { a } from './cli/calls.js';`), [/server may import/]);
  t.strictSame(refused('src/daemons.ts', `import { a } from './embedded/pair.js';`), []);
  t.match(refused('src/call/x.ts', `import { a } from '../daemons.js';`), [/call may import/]);
  t.match(refused('src/core/x.ts', `import { a } from '../../test/y.js';`), [/outside src/]);
  t.match(refused('src/stuff/x.ts', ''), [/no room 'stuff'/]);
  t.strictSame(refused('src/quality/x.ts', `import type { A } from '../speech/recognizer.js';`), []);
  t.match(refused('src/quality/x.ts', `import { A } from '../speech/recognizer.js';`), [/import type/]);
});

t.test('the table of rooms has no ring of its own', async (t) => {
  const files = Object.fromEntries(
    Object.entries(mayImport).map(([room, allowed]) => [
      `src/${room}/x.ts`,
      allowed.map((other) => `import '../${other}/x.js';`).join('\n'),
    ]),
  );
  t.strictSame(offences(checkRings, files), []);
});

t.test('a ring is found, of types and of workers too', async (t) => {
  const ring = offences(checkRings, {
    'src/a/one.ts': `import type { T } from './two.js';`,
    'src/a/two.ts': `new Worker(new URL('./three.js', import.meta.url));`,
    'src/a/three.ts': `import { x } from './one.js';`,
    'src/a/four.ts': `import { x } from './one.js';`,
  });
  t.match(ring, [/^src\/a\/one\.ts -> src\/a\/two\.ts -> src\/a\/three\.ts -> src\/a\/one\.ts: /]);
  t.equal(ring.length, 1);
  t.match(offences(checkRings, { 'src/a/self.ts': `import './self.js';` }), [/self\.ts -> src\/a\/self\.ts/]);
});

t.test('a package outside its room, or of no room, is found', async (t) => {
  t.match(offences(checkPackages, { 'src/call/x.ts': `import Srf from 'drachtio-srf';` }), [
    /src\/call\/x\.ts imports drachtio-srf: only sip may/,
  ]);
  t.match(offences(checkPackages, { 'src/call/x.ts': `import x from 'left-pad/lib';` }), [
    /left-pad: no room has/,
  ]);
  t.match(offences(checkPackages, { 'src/dialog/x.ts': `import fs from 'node:fs';` }), [/dialog is pure/]);
  t.strictSame(
    offences(checkPackages, {
      'src/audio/x.ts': `import x from '@echogarden/fvad-wasm/deep'; import { createHash } from 'node:crypto';`,
      'src/store/x.ts': `import fs from 'node:fs';`,
    }),
    [],
  );
  const types = `import type Srf from 'drachtio-srf'; import { type Dialog } from 'drachtio-srf';`;
  t.strictSame(
    offences(checkPackages, { 'src/media/x.ts': types }),
    [],
    'media may name the types of drachtio-srf',
  );
  t.equal(offences(checkPackages, { 'src/call/x.ts': types }).length, 2);
  t.equal(
    offences(checkPackages, { 'src/media/x.ts': `import Srf, { type Dialog } from 'drachtio-srf';` }).length,
    1,
  );
  const undeclared = parseSource(
    'src/sip/x.ts',
    `import Srf from 'drachtio-srf'; import type { A } from 'types-only';`,
  );
  t.match(checkDeclared([undeclared], ['ws']), [/drachtio-srf: it is not among the dependencies/]);
  t.strictSame(checkDeclared([undeclared], ['drachtio-srf']), []);
});

t.test('reading the environment, ending the process and timers in pure rooms are found', async (t) => {
  t.match(offences(checkProcess, { 'src/sip/x.ts': `const a = process.env['A'];` }), [/reads process\.env/]);
  t.match(offences(checkProcess, { 'src/sip/x.ts': `import { env } from 'node:process';` }), [
    /reads process\.env/,
  ]);
  t.match(offences(checkProcess, { 'src/server.ts': `process.exit(1);` }), [/ends the process/]);
  t.match(offences(checkProcess, { 'src/dialog/x.ts': `setTimeout(f, 1);` }), [/starts a timer/]);
  t.strictSame(
    offences(checkProcess, {
      'src/cli/x.ts': `process.exit(process.env.A);`,
      'src/sip/x.ts': `// process.env\nsetTimeout(f, 1); process.exitCode = 1;`,
    }),
    [],
  );
});

t.test('long files, barrels and empty names are found', async (t) => {
  t.strictSame(offences(checkFiles, { 'src/a/x.ts': '//\n'.repeat(450) }), []);
  t.match(offences(checkFiles, { 'src/a/x.ts': '//\n'.repeat(451) }), [/451 lines/]);
  t.match(offences(checkFiles, { 'src/a/x.ts': `export * from './y.js';` }), [/only re-exports/]);
  for (const name of ['util', 'call-helper', 'media-manager', 'index', 'common', 'Camel', 'snake_case']) {
    t.equal(offences(checkFiles, { [`src/a/${name}.ts`]: 'const a = 1;' }).length, 1, name);
  }
  t.strictSame(offences(checkFiles, { 'test/a/media-pool.test.ts': 'const a = 1;' }), []);
});

t.test('error codes declared twice, or not by their room, are found', async (t) => {
  const text = 'export const e = defineErrors({ SIP_LOST: {}, });';
  t.match(offences(checkErrorCodes, { 'src/embedded/sip/errors.ts': text, 'src/sip/errors.ts': text }), [
    /src\/sip\/errors\.ts declares SIP_LOST, as src\/embedded\/sip\/errors\.ts does/,
  ]);
  t.match(offences(checkErrorCodes, { 'src/media/errors.ts': text }), [
    /begin it with its room's name, MEDIA_/,
  ]);
  t.strictSame(offences(checkErrorCodes, { 'src/sip/errors.ts': text }), []);
});
