import type { FastifyInstance } from 'fastify';
import type { TaughtResult, TeachOrder } from '../quality/teaching.js';
import type { TaughtEntry } from '../store/taught.js';

/** An entry as it is shown: without its sound, but with how long that is. */
export type ShownEntry = Omit<TaughtEntry, 'sound' | 'callerKey'> & { readonly soundMs: number | null };

/** What is to be done with the sounds that were cut from a caller's recordings when he is forgotten. */
export interface ForgottenSounds {
  readonly erased: number;
  /** Words of his, and sounds that were to be kept. */
  readonly kept: number;
}

/** Teaching, as the routes need it: quality/teaching.ts. */
export interface TeachingControl {
  teach(order: TeachOrder): Promise<TaughtResult>;
  list(): Promise<readonly TaughtEntry[]>;
  unteach(id: string): Promise<TaughtEntry>;
  forgetCaller(number: string): Promise<ForgottenSounds>;
  ofCaller(number: string): Promise<number>;
}

export function shownEntry({ sound, callerKey: _, ...entry }: TaughtEntry): ShownEntry {
  return { ...entry, soundMs: sound === null ? null : sound.length / 8 };
}

const text = { type: 'string', minLength: 1, maxLength: 256 };
const teachSchema = {
  type: 'object',
  required: ['call', 'turn', 'means', 'by'],
  additionalProperties: false,
  properties: {
    call: text,
    turn: { type: 'integer', minimum: 1, maximum: 100_000 },
    means: text,
    dialect: text,
    by: text,
  },
};

/** Under /control/taught, for this machine and the holder of the token only. */
export function addTeachingRoutes(app: FastifyInstance, teaching: TeachingControl): void {
  app.get('/taught', async () => ({ taught: (await teaching.list()).map(shownEntry) }));
  app.post<{ Body: TeachOrder }>('/taught', { schema: { body: teachSchema } }, async (request) => {
    const { entry, report } = await teaching.teach(request.body);
    return { entry: shownEntry(entry), report };
  });
  app.delete<{ Params: { id: string } }>('/taught/:id', async (request) => ({
    entry: shownEntry(await teaching.unteach(request.params.id)),
  }));
}
