import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** This file runs from dist/test. */
const projectDir = fileURLToPath(new URL('../../', import.meta.url));
const dir = join(projectDir, 'dist/node_modules');

/**
 * Puts tap, of two hundred files, into one, where test files find it before the other: each of hundreds of processes begins
 * 0.1 s of processor sooner. Nothing is done when it is there already.
 *
 * Its frames are left out of what failures show because they lie in a package of @tapjs, as those of its parts do.
 */
export async function putTapInOne(): Promise<void> {
  const { version } = JSON.parse(
    await readFile(join(projectDir, 'node_modules/tap/package.json'), 'utf8'),
  ) as {
    version: string;
  };
  const there = await readFile(join(dir, 'tap/package.json'), 'utf8').catch(() => '{}');
  if ((JSON.parse(there) as { version?: string }).version === version) return;
  const { outputFiles } = await build({
    stdin: { contents: everythingOf('tap'), resolveDir: projectDir },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`,
    },
    write: false,
  });
  await put('@tapjs/in-one', version, outputFiles[0]?.text ?? '');
  await put('tap', version, everythingOf('@tapjs/in-one'));
}

function everythingOf(name: string): string {
  return `export * from '${name}';\nexport { default } from '${name}';\n`;
}

/** Whole or not at all: another run may load it at this moment. */
async function put(name: string, version: string, program: string): Promise<void> {
  const place = join(dir, name);
  const aside = `${place}.${process.pid}`;
  await mkdir(aside, { recursive: true });
  await writeFile(join(aside, 'index.js'), program);
  await writeFile(
    join(aside, 'package.json'),
    JSON.stringify({ name, version, type: 'module', exports: './index.js' }),
  );
  await mkdir(dirname(place), { recursive: true });
  await rm(place, { recursive: true, force: true });
  await rename(aside, place);
}
