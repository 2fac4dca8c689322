/** `npm run bench -- <name> [--short] [--json]`: runs test/bench/<name>.ts and prints what it measured. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDir } from '../scenarios/server-process.js';

const names =
  'setup profile media capacity reference soak ledger sip flood fuzz phrases quality recording turn endpoint vad chaos';
const [name = '', ...args] = process.argv.slice(2);
if (!names.split(' ').includes(name)) {
  console.error(`usage: npm run bench -- <${names.replaceAll(' ', '|')}> [--short] [--json] [--help]`);
  process.exitCode = name === '--help' ? 0 : 2;
} else if (args.includes('--help')) {
  console.log(await purposeOf(name));
} else {
  const bench = (await import(`./${name}.js`)) as {
    run: (args: readonly string[]) => Promise<Record<string, unknown>>;
  };
  try {
    const result = await bench.run(args);
    if (args.includes('--json')) console.log(JSON.stringify(result));
    else console.table(result);
  } catch (error) {
    // A command line that cannot be understood; its message says what is wrong with it.
    if (!(error instanceof TypeError && /^(Unknown|Unexpected|Option|--)/.test(error.message))) throw error;
    console.error(
      `${error.message.split('. ')[0] ?? ''}; npm run bench -- ${name} --help tells what there is`,
    );
    process.exitCode = 2;
  }
}

/** The comment in the bench's source that begins with how it is called. */
async function purposeOf(bench: string): Promise<string> {
  const source = await readFile(join(projectDir, 'test/bench', `${bench}.ts`), 'utf8');
  const comments = source.match(/\/\*\*\n[^]*?\*\//g) ?? [];
  const purpose = comments.find((comment) => comment.includes(`npm run bench -- ${bench}`)) ?? '';
  return purpose
    .replace(/^\/\*\*\n| *\*\/$/g, '')
    .replace(/^ \* ?/gm, '')
    .trim();
}
