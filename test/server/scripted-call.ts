import type { Test } from 'tap';
import type { CallRecord } from '../../src/store/call-record.js';
import { House, eventually } from './house.js';
import { Phone } from './phone.js';
import { ScriptedSpeech } from './scripted-speech.js';

/** A server with one dialplan, whose engine hears what the test says. */
export interface ScriptedScene {
  readonly house: House;
  readonly phone: Phone;
  readonly speech: ScriptedSpeech;
}

/** The dialplan answers at 5. */
export async function scriptedScene(t: Test, name: string, dialplan: string): Promise<ScriptedScene> {
  const speech = new ScriptedSpeech();
  const house = await House.start(
    t,
    {},
    {
      dialplans: { [name]: dialplan },
      numbers: `  - called: [5]\n    dialplan: ${name}\n`,
      speech,
    },
  );
  await house.server.ready;
  return { house, phone: await Phone.open(t), speech };
}

/**
 * Makes a call in which the caller answers each time that the bot begins to ask: a sentence, or keys (`{ keys: '12#' }`).
 * Resolves with its record.
 */
export async function converse(
  { house, phone, speech }: ScriptedScene,
  answers: readonly (string | { readonly keys: string })[],
  headers: Readonly<Record<string, string>> = {},
): Promise<CallRecord> {
  const sentences = answers.filter((answer) => typeof answer === 'string');
  speech.sentences.splice(0, speech.sentences.length, ...sentences);
  speech.listenedIn.length = 0;
  let listened = 0;
  const call = await (await phone.dial(house.uri('5'), { headers })).answered();
  for (const answer of answers) {
    await call.hears(600);
    if (typeof answer === 'string') {
      call.sing(1000);
      listened += 1;
      await eventually(() => speech.listenedIn.length >= listened || undefined);
      call.sing(0);
      // What is said at the very beginning of a call silences no prompt: until it is understood that goes on.
      await eventually(() => speech.sentences.length <= sentences.length - listened || undefined);
      call.forget();
    } else {
      call.forget();
      for (const key of answer.keys) await call.press(key);
    }
  }
  await call.farEnd();
  await call.end();
  return house.record(call.sipCallId);
}
