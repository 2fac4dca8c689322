/**
 * Part of `npm run build`: compiles each WebAssembly text `src/**\/x.wat` to `dist/src/**\/x.wasm`, which the code beside it
 * loads. What is newer than its source stays. Nothing needs wabt at run time.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const stale = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.wat'))
  .map((path) => ({
    source: join(root, 'src', path),
    target: join(root, 'dist', 'src', path.replace(/\.wat$/, '.wasm')),
  }))
  .filter(
    ({ source, target }) => !existsSync(target) || statSync(target).mtimeMs <= statSync(source).mtimeMs,
  );

if (stale.length > 0) {
  const { default: loadWabt } = await import('wabt');
  const wabt = await loadWabt();
  for (const { source, target } of stale) {
    const module = wabt.parseWat(source, readFileSync(source), { simd: true });
    module.resolveNames();
    module.validate();
    mkdirSync(dirname(target), { recursive: true });
    // Whole or not at all: a test of another build may load it at this moment.
    const aside = `${target}.${process.pid}.tmp`;
    writeFileSync(aside, module.toBinary({}).buffer);
    renameSync(aside, target);
    module.destroy();
  }
}
