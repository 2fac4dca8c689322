/** What `bench turn` says on both sides: the callers' phrases, the bot's prompts, and the tone that marks each prompt. */

/** What a caller may say at each menu; its name is that of the choice and of the prompt that answers it. */
export interface TurnPhrase {
  readonly name: string;
  /** Said in one go, or with a pause between these. */
  readonly parts: readonly string[];
}

/** As in test/fixtures/bench-turn/dialplans/turns.yaml. Two of them are the beginning of another. */
export const turnPhrases: readonly TurnPhrase[] = [
  { name: 'pay', parts: ['pay'] },
  { name: 'pay-bill', parts: ['pay', 'my bill'] },
  { name: 'balance', parts: ['balance'] },
  { name: 'balance-transfer', parts: ['balance', 'transfer'] },
  { name: 'hours', parts: ['opening', 'hours'] },
  { name: 'person', parts: ['speak', 'to a person'] },
  { name: 'support', parts: ['technical', 'support'] },
  { name: 'address', parts: ['change', 'my address'] },
];

/** Name to words; the words of `listen` are said to callers who say nothing. */
export const turnPrompts: Readonly<Record<string, string>> = {
  welcome: 'Welcome to the town services line. Tell me in a few words what you would like to do today.',
  pay: 'You want to pay. Please tell me what you would like to do next, or hang up when you are done.',
  'pay-bill': 'You want to pay your bill. Please tell me what else you need, or hang up when you are done.',
  balance: 'You asked for your balance. Please tell me what you would like to do next, or hang up.',
  'balance-transfer': 'You want a balance transfer. Please tell me what else you need, or simply hang up.',
  hours: 'We are open from eight until six. Please tell me what you would like to do next, or hang up.',
  person: 'You want to speak to a person. Please tell me first what it is about, in a few words.',
  support: 'You asked for technical support. Please tell me what else you need, or hang up when done.',
  address: 'You want to change your address. Please tell me what else you need, or hang up when done.',
  nomatch: 'Sorry, I did not understand that. Please say it once more.',
  noinput: 'Are you still there? Please tell me what you would like to do.',
  listen:
    'Thank you for waiting. While you hold the line, here is some news of the town. The swimming pool is open again ' +
    'from Monday. The road by the river is closed for repairs until the end of the month, so please take the bridge. ' +
    'The library has new rooms for children, and it is open on Sundays from noon. The market has moved to the old ' +
    'station. If you would like to speak to somebody, say so at any time.',
};

export const promptNames: readonly string[] = Object.keys(turnPrompts);

/** A menu's prompts are marked loudly, for a caller decides by it; that of the silent callers is soft, for its echo is heard. */
export const markLevelDb = -30;
export const softMarkLevelDb = -51;
/** Above this no prompt has speech, and no two marks are nearer than two packets can tell apart. */
export const speechTopHz = 1800;
const firstMarkHz = 2150;
const markStepHz = 110;

/** The tone under a prompt from its first sample to its last. */
export function markHz(prompt: string): number {
  return firstMarkHz + markStepHz * promptNames.indexOf(prompt);
}

export function markDb(prompt: string): number {
  return prompt === 'listen' ? softMarkLevelDb : markLevelDb;
}

/** The pause inside a phrase, ms (issue 5). */
export const innerPauseMs = 250;
/** A frame belongs to the clip while its peak is within this of the clip's (DESIGN.md §5). */
export const voicedWithinDb = 35;

/** Whether the answer is to the first words only of what was said. */
export function isBeginning(answer: string, said: string): boolean {
  const words = (name: string): string =>
    turnPhrases.find((phrase) => phrase.name === name)?.parts.join(' ') ?? '';
  return answer !== said && words(answer) !== '' && words(said).startsWith(`${words(answer)} `);
}
