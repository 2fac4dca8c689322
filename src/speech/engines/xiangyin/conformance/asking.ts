import type { EngineProbe } from './engine-probe.js';
import type { Trial } from './engine-promise.js';

export const phraseId = 'the-phrase';

/** A `listen` as Xiangyin sends it; `more` goes over it. */
export function askListen(trial: Trial, probe: EngineProbe, stream: number, more: object = {}): void {
  const { text, dialect, hello } = trial;
  probe.send({
    type: 'listen',
    stream,
    sampleRateHz: hello.recognizer?.sampleRatesHz[0] ?? 8000,
    dialects: [dialect],
    phrases: [{ id: phraseId, text, dialect }],
    grammar: { kind: 'phrases' },
    hints: [],
    maxAlternatives: 1,
    ...more,
  });
}

/** A `say` as Xiangyin sends it; `more` goes over it. */
export function askSay(trial: Trial, probe: EngineProbe, stream: number, more: object = {}): void {
  const { text, hello } = trial;
  const [dialect = trial.dialect] = hello.synthesizer?.dialects ?? [];
  const sampleRateHz = hello.synthesizer?.sampleRatesHz[0] ?? 8000;
  probe.send({ type: 'say', stream, text, dialect, sampleRateHz, ...more });
}
