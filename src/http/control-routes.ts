import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Registration } from '../sip/locations.js';
import type { TrunkStatus } from '../sip/trunk-line.js';
import type { CallerMemory } from '../store/caller-memory.js';
import type { HealthReport } from './health.js';
import { httpError } from './errors.js';
import type { SipTraceAnswer } from './sip-trace.js';
import { addTeachingRoutes, type TeachingControl } from './teaching-routes.js';

/** A call that is going on. */
export interface LiveCall {
  readonly id: string;
  /** Empty before our INVITE is out. */
  readonly sipCallId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly callingNumber: string;
  readonly calledNumber: string;
  readonly dialplan: string | null;
  /** RFC 4235's word: trying, early, confirmed. */
  readonly state: string;
  /** Dialplan node in which it is, null before the first. */
  readonly node: string | null;
  /** Wall clock. */
  readonly receivedAtMs: number;
  readonly answeredAtMs: number | null;
}

/** What reading the dialplans and numbers again brought. The running ones stay when there is a problem. */
export interface ReloadReport {
  /** Names of the dialplans that calls use from now on. */
  readonly dialplans: readonly string[];
  /** Names of the trunks, likewise. */
  readonly trunks: readonly string[];
  /** One line each: file, line, what to write instead. Empty when all was taken. */
  readonly problems: readonly string[];
  /**
   * How many of them are errors, not warnings: with one among the dialplans none of them was taken, with one in trunks.yaml
   * nothing of it.
   */
  readonly errors: number;
}

export interface ServerStatus extends HealthReport {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  /** Where it may be called: `sip:127.0.0.1:5060`. */
  readonly sipAddresses: readonly string[];
  /**
   * What is held now, by kind: calls, endpoints, sockets, ports, timers, dialogs, transactions. What calls add to an
   * idle server's is gone a few seconds after the last. `preparing`: the sentences and sets of phrases that are still to be
   * made ready; 0 once calls wait for none.
   */
  readonly counts: Readonly<Record<string, number>>;
}

/** A call to be placed. */
export interface PlaceOrder {
  /** A number, the name of a registered user, or a `sip:` URI that trunks.yaml allows. */
  readonly to: string;
  readonly dialplan: string;
  /** Number or name that the callee is shown. */
  readonly from?: string;
  readonly trunk?: string;
  readonly ringMs?: number;
}

/** A call that is being placed. */
export interface PlacedCall {
  readonly call: { readonly id: string };
}

/** Whom a live call is to be connected with. */
export interface TransferOrder {
  readonly to: string;
  readonly by: 'refer' | 'bridge' | 'auto';
}

/** What the running server lets the CLI do with it: given by the composition root. */
export interface ControlRoutes {
  status(): Promise<ServerStatus>;
  calls(): readonly LiveCall[];
  /** Ends a live call; resolves false if there is none of this id. */
  hangup(id: string): Promise<boolean>;
  /** Begins a call. Throws what the call room's errors say. */
  place(order: PlaceOrder): PlacedCall;
  /** Connects the other side of a live call with somebody else; false if there is none of this id. Throws likewise. */
  transfer(id: string, order: TransferOrder): boolean;
  /** No new calls; live ones may finish. False: calls are taken again, unless the server is stopping. Returns at once. */
  drain(isDraining: boolean): void;
  reload(): Promise<ReloadReport>;
  /** The trunks as they are now, in the file's order. */
  trunks(): readonly TrunkStatus[];
  /** The telephones that are registered now, by user. */
  registrations(): readonly Registration[];
  /** What is remembered of the caller of this number; undefined: nothing. */
  showCaller(number: string): Promise<CallerMemory | undefined>;
  /** When somebody at this number asked not to be called any more, wall clock; undefined: never. */
  stoppedCallingSinceMs(number: string): Promise<number | undefined>;
  /** Erases it; resolves with whether there was something. */
  forgetCaller(number: string): Promise<boolean>;
  /** Undefined where nothing can be taught. */
  readonly teaching?: TeachingControl | undefined;
  /** The SIP messages of a call: by Call-ID, by our id, or by a beginning of either. */
  sipTrace(key: string): Promise<SipTraceAnswer>;
}

const text = { type: 'string', minLength: 1, maxLength: 256 };
const placeSchema = {
  type: 'object',
  required: ['to', 'dialplan'],
  additionalProperties: false,
  properties: {
    to: text,
    dialplan: text,
    from: text,
    trunk: text,
    ringMs: { type: 'integer', minimum: 1000, maximum: 180_000 },
  },
};
const callerSchema = {
  type: 'object',
  required: ['number'],
  additionalProperties: false,
  properties: { number: text },
};
const forgetSchema = {
  ...callerSchema,
  properties: { ...callerSchema.properties, keepTaught: { type: 'boolean' } },
};
const transferSchema = {
  type: 'object',
  required: ['to', 'by'],
  additionalProperties: false,
  properties: { to: text, by: { type: 'string', enum: ['refer', 'bridge', 'auto'] } },
};

/** Puts the routes under /control, for this machine and the holder of the token only. */
export function addControlRoutes(app: FastifyInstance, control: ControlRoutes, token: string): void {
  app.addHook('onRequest', async (request) => {
    if (!isLoopback(request.socket.remoteAddress)) throw httpError('HTTP_CONTROL_LOCAL_ONLY');
    if (!isBearer(request, token)) throw httpError('HTTP_CONTROL_TOKEN_WRONG');
  });
  app.get('/status', async () => control.status());
  app.get('/calls', async () => ({ calls: control.calls() }));
  app.post<{ Params: { id: string } }>('/calls/:id/hangup', async (request) => {
    const { id } = request.params;
    if (!(await control.hangup(id))) throw httpError('HTTP_NO_SUCH_CALL', { id });
    return { id };
  });
  app.post<{ Params: { id: string }; Body: TransferOrder }>(
    '/calls/:id/transfer',
    { schema: { body: transferSchema } },
    async (request) => {
      const { id } = request.params;
      if (!control.transfer(id, request.body)) throw httpError('HTTP_NO_SUCH_CALL', { id });
      return { id };
    },
  );
  app.post<{ Body: PlaceOrder }>('/calls', { schema: { body: placeSchema } }, async (request) => ({
    id: control.place(request.body).call.id,
  }));
  app.post('/drain', async () => {
    control.drain(true);
    return control.status();
  });
  app.delete('/drain', async () => {
    control.drain(false);
    return control.status();
  });
  app.post('/reload', async () => control.reload());
  app.get('/trunks', async () => ({ trunks: control.trunks() }));
  app.get('/registrations', async () => ({ registrations: control.registrations() }));
  // By POST: a number in an address would stand in the log of whatever is between.
  app.post<{ Body: { number: string } }>(
    '/callers/show',
    { schema: { body: callerSchema } },
    async ({ body: { number } }) => ({
      memory: (await control.showCaller(number)) ?? null,
      stoppedSinceMs: (await control.stoppedCallingSinceMs(number)) ?? null,
    }),
  );
  app.post<{ Body: { number: string; keepTaught?: boolean } }>(
    '/callers/forget',
    { schema: { body: forgetSchema } },
    async ({ body: { number, keepTaught } }) => {
      const forgotten = await control.forgetCaller(number);
      const taught =
        keepTaught === true
          ? { erased: 0, kept: (await control.teaching?.ofCaller(number)) ?? 0 }
          : await control.teaching?.forgetCaller(number);
      return { forgotten, taught: taught ?? { erased: 0, kept: 0 } };
    },
  );
  if (control.teaching !== undefined) addTeachingRoutes(app, control.teaching);
  app.get<{ Params: { key: string } }>('/sip-trace/:key', async (request) =>
    control.sipTrace(request.params.key),
  );
}

/** 127.0.0.0/8 and ::1, also as a socket that takes both families shows them. */
export function isLoopback(address: string | undefined): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address ?? '');
}

function isBearer(request: FastifyRequest, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
