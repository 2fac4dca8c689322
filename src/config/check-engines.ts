import { closestWord } from './closest-word.js';
import { embeddedEngines } from './speech-schema.js';
import type { Config } from './schema.js';

/** What no schema can tell about the speech engines: names given twice, names of nobody, two places for one token. */
export function engineProblems(speech: Config['speech']): string[] {
  const { engines, recognizers, synthesizers, parallel } = speech;
  const problems: string[] = [];
  const names = engines.map(({ name }) => name);
  const embedded: readonly string[] = Object.values(embeddedEngines);
  for (const [index, { name, tokenFile, tokenVariable }] of engines.entries()) {
    const place = `speech.engines.${String(index)}`;
    if (names.indexOf(name) !== index)
      problems.push(`${place}.name: '${name}' is the name of another engine too`);
    if (embedded.includes(name))
      problems.push(`${place}.name: '${name}' is an engine of ours; choose another name`);
    if (tokenFile !== undefined && tokenVariable !== undefined) {
      problems.push(`${place}: write the token's place once, as 'tokenFile' or as 'tokenVariable'`);
    }
  }
  for (const role of ['recognizer', 'synthesizer'] as const) {
    const known = [...names, embeddedEngines[role]];
    for (const name of role === 'recognizer' ? recognizers : synthesizers)
      problems.push(...unknown(`speech.${role}s`, role, name, known));
  }
  for (const [index, { engine }] of parallel.calibration.entries()) {
    const place = `speech.parallel.calibration.${String(index)}.engine`;
    problems.push(...unknown(place, 'recognizer', engine, [...names, embeddedEngines.recognizer]));
  }
  return problems;
}

function unknown(place: string, role: string, name: string, known: readonly string[]): string[] {
  if (known.includes(name)) return [];
  const near = closestWord(name, known);
  const advice = near === undefined ? `there are: ${known.join(', ')}` : `did you mean '${near}'?`;
  return [`${place}: there is no ${role} '${name}'; ${advice}`];
}
