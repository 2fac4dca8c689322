/**
 * Part of `npm run build`: puts the program of each worker thread, with what it imports, into the one file that the thread
 * loads (`new Worker(new URL('./x-worker.js', ...))`). A thread shares no module with the main one, so every server would
 * load the same hundreds of files again in each of its threads: a third of what it costs to start one.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const src = join(root, 'src');

/** They load files that lie beside theirs. */
const notInside = ['better-sqlite3', '@echogarden/*', '@evan/opus'];

/** Packages in CommonJS ask for Node's modules by this name. */
const require = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`;

const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
);
const workers = new Set(
  sources.flatMap((path) =>
    [...readFileSync(join(src, path), 'utf8').matchAll(/new Worker\(\s*new URL\('([^']+)\.js'/g)].map(
      ([, worker]) => join(dirname(path), worker),
    ),
  ),
);

/** What a module finds by its own place stays where it is, though the module is now in another's file. */
const ownPlaces = (folder) => ({
  name: 'own-places',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const place = relative(folder, path).replace(/\.ts$/, '.js');
      const contents = text.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`);
      return { loader: 'ts', contents };
    }),
});

await Promise.all([...workers].map((worker) => bundle(worker).catch(() => leave(worker))));

async function bundle(worker) {
  const { outputFiles } = await build({
    entryPoints: [join(src, `${worker}.ts`)],
    outfile: join(root, 'dist', 'src', `${worker}.js`),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: notInside,
    banner: { js: require },
    plugins: [ownPlaces(dirname(join(src, worker)))],
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
    write: false,
  });
  for (const { path, contents } of outputFiles) {
    // Whole or not at all: a server of another build may load it at this moment.
    writeFileSync(`${path}.${process.pid}.tmp`, contents);
    renameSync(`${path}.${process.pid}.tmp`, path);
  }
}

/** Why was told by esbuild. The file of many imports is there, and does the same: what is missing is missed when it runs. */
function leave(worker) {
  console.error(`${worker}.js stays a file that loads others`);
}
