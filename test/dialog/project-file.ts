import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileDialplan } from '../../src/dialog/compile-dialplan.js';
import type { Dialplan } from '../../src/dialog/dialplan.js';
import { compilePromptManifest } from '../../src/dialog/prompt-manifest.js';

/** The text of a file of this project, seen from dist/test/dialog. */
export function projectFile(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
}

/** A dialplan that ships with Xiangyin, compiled with the shipped manifest. */
export function shippedDialplan(name: string): Dialplan {
  const manifest = compilePromptManifest(projectFile('audio-prompts/manifest.yaml'), 'manifest.yaml');
  if (!manifest.ok) throw new Error(JSON.stringify(manifest.problems));
  return compiled(projectFile(`dialplans/${name}.yaml`), { manifest: manifest.manifest });
}

/** Compiles a text that must be right. */
export function compiled(text: string, options: Parameters<typeof compileDialplan>[2] = {}): Dialplan {
  const result = compileDialplan(text, 'test.yaml', options);
  if (!result.ok) throw new Error(result.problems.map((p) => `${String(p.line)}: ${p.message}`).join('\n'));
  return result.dialplan;
}
