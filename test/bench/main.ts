/** `npm run bench -- <name> [--short] [--json]`: runs test/bench/<name>.ts and prints what it measured. */
const [name, ...args] = process.argv.slice(2);
if (name === undefined || !/^[a-z-]+$/.test(name) || name === 'main') {
  console.error(
    'usage: npm run bench -- <setup|profile|media|capacity|reference|soak|ledger|sip|flood|fuzz|phrases|quality|recording|turn|endpoint|vad|chaos> [--short] [--json]',
  );
  process.exitCode = 2;
} else {
  const bench = (await import(`./${name}.js`)) as {
    run: (args: readonly string[]) => Promise<Record<string, unknown>>;
  };
  const result = await bench.run(args);
  if (args.includes('--json')) console.log(JSON.stringify(result));
  else console.table(result);
}
