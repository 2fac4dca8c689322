import path from 'node:path';
import type { Command } from 'commander';
import type { Dialplan } from '../dialog/dialplan.js';
import { dialplanSchema } from '../dialog/dialplan-schema.js';
import {
  compileDialplanSet,
  type DialplanSet,
  type DialplanSources,
  type SourceFile,
} from '../dialog/dialplan-set.js';
import { outline } from '../dialog/outline.js';
import { renderProblem, type Problem } from '../dialog/problem.js';
import { checkRecordings } from '../dialog/prompt-manifest.js';
import { listRecordings, projectFolder, readDialplanSources, readSource } from './dialplan-files.js';
import { walkDialplan } from './dialplan-walk.js';
import { cliError } from './errors.js';
import { readWalkSpeech } from './walk-speech.js';

interface ProjectOption {
  readonly project?: string;
}

export function addDialplanCommand(program: Command): void {
  const dialplan = program.command('dialplan').description('check, show and try out call flows');
  const projectHelp = 'folder that holds dialplans/, sip-config/ and audio-prompts/ (default: this one)';

  dialplan
    .command('check')
    .description(
      'check dialplans, numbers and recordings; says what is wrong, where, and what to write instead',
    )
    .argument(
      '[files...]',
      'files to check (default: dialplans/*.yaml, sip-config/numbers.yaml and the manifest)',
    )
    .option('--project <folder>', projectHelp)
    .option('--json', 'print one JSON object: {ok, files, problems}')
    .action((files: string[], options: ProjectOption & { json?: boolean }) => {
      check(files, options);
    });

  dialplan
    .command('walk')
    .description('walk through a dialplan by keyboard: type keys or phrases, an empty line stays silent')
    .argument('<name>', "the dialplan's name or file")
    .option('--project <folder>', projectHelp)
    .option('--calling <number>', 'number that calls', '+441632960001')
    .option('--called <number>', 'number that is called', '1001')
    .option('--dialect <id>', 'dialect to begin in')
    .option('--open', 'whatever is typed is understood, as with an engine that hears open speech')
    .action(
      async (
        name: string,
        options: ProjectOption & { calling: string; called: string; dialect?: string; open?: boolean },
      ) => {
        const found = findDialplan(name, options);
        if (found === undefined) return;
        if (options.dialect !== undefined && !found.dialects.includes(options.dialect)) {
          throw cliError('CLI_DIALPLAN_LACKS_DIALECT', {
            name: found.name,
            id: options.dialect,
            ids: found.dialects.join(', '),
          });
        }
        const call = {
          callingNumber: options.calling,
          calledNumber: options.called,
          ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
          ...(options.open === true && {
            autonomies: Object.fromEntries(found.dialects.map((dialect) => [dialect, 'open' as const])),
          }),
        };
        const speech = options.open === true ? await readWalkSpeech(found) : undefined;
        await walkDialplan(found, call, process.stdin, process.stdout, speech);
      },
    );

  dialplan
    .command('show')
    .description('print a compact outline of a dialplan')
    .argument('<name>', "the dialplan's name or file")
    .option('--project <folder>', projectHelp)
    .option('--json', 'print the compiled dialplan')
    .action((name: string, options: ProjectOption & { json?: boolean }) => {
      const found = findDialplan(name, options);
      if (found === undefined) return;
      console.log(options.json === true ? JSON.stringify(found, null, 2) : outline(found));
    });

  dialplan
    .command('schema')
    .description(
      'print the JSON Schema of dialplan files, for editors that complete and check while one types',
    )
    .action(() => {
      console.log(JSON.stringify(dialplanSchema, null, 2));
    });
}

function check(files: readonly string[], options: ProjectOption & { json?: boolean }): void {
  const folder = projectFolder(options.project);
  const sources = files.length === 0 ? readDialplanSources(folder) : sourcesOf(files, folder);
  const set = compileDialplanSet(sources);
  const problems = [...set.problems];
  if (files.length === 0 && set.manifest !== undefined && sources.manifest !== undefined) {
    problems.push(...checkRecordings(set.manifest, listRecordings(folder), sources.manifest.file));
  }
  const read = [...sources.dialplans, sources.numbers, sources.manifest].filter((s) => s !== undefined);
  const named = new Set(files.map((file) => readSource(file).file));
  const shown = files.length === 0 ? problems : problems.filter((p) => named.has(p.file));
  const checked = files.length === 0 ? read : read.filter((s) => named.has(s.file));
  const errors = shown.filter((p) => p.severity === 'error').length;
  if (errors > 0 || checked.length === 0) process.exitCode = 1;
  if (options.json === true) {
    const names = checked.map((s) => s.file);
    console.log(JSON.stringify({ ok: errors === 0 && checked.length > 0, files: names, problems: shown }));
    return;
  }
  printProblems(shown, read);
  if (checked.length === 0) {
    console.error(
      `no dialplans found in ${path.join(folder, 'dialplans')}: name files, or a folder with --project`,
    );
  } else {
    const warnings = shown.length - errors;
    console.log(
      `${count(checked.length, 'file')} checked: ${count(errors, 'error')}, ${count(warnings, 'warning')}`,
    );
  }
}

/**
 * Sorts named files by what they are. The rest of the project is read as well, so that a rule's dialplan and a
 * dialplan's recordings are known.
 */
function sourcesOf(files: readonly string[], folder: string): DialplanSources {
  const project = readDialplanSources(folder);
  const given = files.map(readSource);
  const isNumbers = (s: SourceFile): boolean => /^numbers:/m.test(s.text) && !/^flows:/m.test(s.text);
  const isManifest = (s: SourceFile): boolean => path.basename(s.file).startsWith('manifest.');
  const dialplans = given.filter((s) => !isNumbers(s) && !isManifest(s));
  const names = new Set(dialplans.map((s) => s.file));
  const numbers = given.find(isNumbers);
  const others = numbers === undefined ? [] : project.dialplans.filter((s) => !names.has(s.file));
  return {
    dialplans: [...dialplans, ...others],
    numbers,
    manifest: given.find(isManifest) ?? project.manifest,
    ...(project.intentSets !== undefined && { intentSets: project.intentSets }),
  };
}

/** The dialplan of that name or in that file; undefined after saying why not. */
function findDialplan(name: string, options: ProjectOption): Dialplan | undefined {
  const folder = projectFolder(options.project);
  const isFile = /\.ya?ml$/.test(name);
  const project = readDialplanSources(folder);
  const sources: DialplanSources = isFile
    ? { ...project, dialplans: [readSource(name)], numbers: undefined }
    : { ...project, numbers: undefined };
  const set: DialplanSet = compileDialplanSet(sources);
  const found = isFile ? [...set.dialplans.values()][0] : set.dialplans.get(name);
  if (found !== undefined) return found;
  process.exitCode = 1;
  const faulty = sources.dialplans.filter((s) =>
    set.problems.some((p) => p.file === s.file && p.severity === 'error'),
  );
  if (faulty.length > 0) printProblems(set.problems, sources.dialplans);
  if (!isFile)
    console.error(`no dialplan '${name}' in ${folder}; there are: ${[...set.dialplans.keys()].join(', ')}`);
  return undefined;
}

function printProblems(problems: readonly Problem[], sources: readonly SourceFile[]): void {
  for (const problem of problems) {
    const text = sources.find((s) => s.file === problem.file)?.text;
    // Problems that are not in one line (a stray recording) have an empty first line at most.
    const shown = problem.path.endsWith('.wav') ? undefined : text;
    console.error(renderProblem(problem, shown));
  }
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
