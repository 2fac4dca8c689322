import t from 'tap';
import type { Dialplan } from '../src/dialog/dialplan.js';
import {
  createEspeakSynthesizer,
  type EspeakSynthesizer,
} from '../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { hearingOf } from '../src/speech/engines/phrasebook/languages.js';
import { createPhrasebook } from '../src/speech/engines/phrasebook/phrasebook.js';
import type { Phrase, Recognizer } from '../src/speech/recognizer.js';
import { shippedDialplan } from './dialog/project-file.js';
import { readOverLine } from './speech/read-over-line.js';

const installed = await createEspeakSynthesizer().catch((error: unknown) => {
  if ((error as { code?: string }).code !== 'SPEECH_ENGINE_MISSING') throw error;
  return undefined;
});
t.teardown(() => installed?.close());
const skip = installed === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;

/** Only used by tests that are not skipped. */
const synthesizer = installed as EspeakSynthesizer;

/** The phrases of each question that are heard by one model. */
function questions(plan: Dialplan): Phrase[][] {
  return Object.values(plan.nodes).flatMap((node) => {
    if (!('choices' in node)) return [];
    const byModel = new Map<string, Phrase[]>();
    for (const { id, phrases } of node.choices) {
      for (const [dialect, texts] of Object.entries(phrases)) {
        const model = hearingOf(dialect)?.model;
        if (model === undefined) continue;
        const said = byModel.get(model) ?? [];
        byModel.set(model, [...said, ...(texts ?? []).map((text) => ({ id, text, dialect }))]);
      }
    }
    return [...byModel.values()];
  });
}

function heard(
  recognizer: Recognizer,
  phrases: readonly Phrase[],
  samples: Int16Array,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const stream = recognizer.open({ sampleRateHz: 8000, phrases, dialects: [] });
    stream.on('final', ({ alternatives }) => resolve(alternatives[0]?.phraseId));
    stream.on('error', reject);
    stream.write(samples);
    stream.finish();
  });
}

for (const name of ['clinic', 'hotline']) {
  t.test(
    `${name}: every question's phrases are heard, none keeps the others from it`,
    { skip },
    async (t) => {
      const recognizer = await createPhrasebook({
        synthesizer,
        templateDir: t.testdir(),
      });
      t.teardown(() => recognizer.close());
      const asked = new Map<string, Phrase[]>();
      for (const phrases of questions(shippedDialplan(name))) asked.set(JSON.stringify(phrases), phrases);
      let right = 0;
      let all = 0;
      const missed: string[] = [];
      for (const phrases of asked.values()) {
        const tried = new Set<string>();
        for (const { id, text, dialect } of phrases) {
          if (tried.has(text) || tried.size === 6) continue;
          tried.add(text);
          all++;
          const answer = await heard(
            recognizer,
            phrases,
            await readOverLine(synthesizer, { text, dialect, voice: '+f4' }),
          );
          if (answer === id) right++;
          else missed.push(`${dialect} ${text}: ${answer ?? 'nothing'}`);
          t.ok(answer === id || answer === undefined, `${text} is not taken for ${answer ?? 'nothing'}`);
        }
      }
      t.ok(all > 5, 'there are phrases');
      t.ok(right / all > 0.9, `${right} of ${all}; not: ${missed.join(', ')}`);
    },
  );
}

t.test('a phrase with a phone that the model never learnt is heard by its parts', { skip }, async (t) => {
  const recognizer = await createPhrasebook({
    synthesizer,
    templateDir: t.testdir(),
  });
  t.teardown(() => recognizer.close());
  const phrases: Phrase[] = [
    { id: 'person', text: '转人工', dialect: 'cmn' },
    { id: 'hours', text: '营业时间', dialect: 'cmn' },
  ];
  for (const { id, text, dialect } of phrases) {
    t.equal(
      await heard(recognizer, phrases, await readOverLine(synthesizer, { text, dialect, voice: '+f4' })),
      id,
    );
  }
});
