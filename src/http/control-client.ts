import { request } from 'node:http';
import { errorCode } from '../core/errors.js';
import type { Registration } from '../sip/locations.js';
import type { TrunkStatus } from '../sip/trunk-line.js';
import type { CallerMemory } from '../store/caller-memory.js';
import type { LiveCall, PlaceOrder, ReloadReport, ServerStatus, TransferOrder } from './control-routes.js';
import { readControlAccess } from './control-token.js';
import type { ControlAccess } from './control-token.js';
import { httpError } from './errors.js';
import type { TaughtResult, TeachOrder } from '../quality/teaching.js';
import type { SipTraceAnswer } from './sip-trace.js';
import type { ForgottenSounds, ShownEntry } from './teaching-routes.js';

/** A server on the same machine answers at once; reading many dialplans may take it a moment. */
const answerLimitMs = 10_000;
/** What is taught is checked against the regression set, or read aloud to the phrasebook, first. */
const teachLimitMs = 180_000;

/** What there is of a caller's number. */
export interface KnownCaller {
  readonly memory: CallerMemory | undefined;
  /** When somebody there asked not to be called any more, wall clock; undefined: never. */
  readonly stoppedSinceMs: number | undefined;
}

/** A command's hand on the running server of a data folder. Every method rejects with HTTP_NO_SERVER when none runs. */
export class ControlClient {
  private constructor(
    private readonly dataDir: string,
    private readonly access: ControlAccess,
  ) {}

  /** Reads where the server is and its token. Rejects with HTTP_NO_SERVER or HTTP_CONTROL_TOKEN_UNREADABLE. */
  static async open(dataDir: string): Promise<ControlClient> {
    return new ControlClient(dataDir, await readControlAccess(dataDir));
  }

  status(): Promise<ServerStatus> {
    return this.#ask('GET', '/status') as Promise<ServerStatus>;
  }

  async calls(): Promise<readonly LiveCall[]> {
    return ((await this.#ask('GET', '/calls')) as { calls: LiveCall[] }).calls;
  }

  /** Rejects with HTTP_CONTROL_FAILED if there is no such live call. */
  async hangup(id: string): Promise<void> {
    await this.#ask('POST', `/calls/${encodeURIComponent(id)}/hangup`);
  }

  /** Begins a call; resolves to its id. Rejects with HTTP_CONTROL_FAILED if it cannot be placed. */
  async place(order: PlaceOrder): Promise<string> {
    return ((await this.#ask('POST', '/calls', order)) as { id: string }).id;
  }

  /** Rejects with HTTP_CONTROL_FAILED if there is no such live call, or it cannot be transferred now. */
  async transfer(id: string, order: TransferOrder): Promise<void> {
    await this.#ask('POST', `/calls/${encodeURIComponent(id)}/transfer`, order);
  }

  /** False ends it. */
  drain(isDraining = true): Promise<ServerStatus> {
    return this.#ask(isDraining ? 'POST' : 'DELETE', '/drain') as Promise<ServerStatus>;
  }

  reload(): Promise<ReloadReport> {
    return this.#ask('POST', '/reload') as Promise<ReloadReport>;
  }

  async trunks(): Promise<readonly TrunkStatus[]> {
    return ((await this.#ask('GET', '/trunks')) as { trunks: TrunkStatus[] }).trunks;
  }

  async registrations(): Promise<readonly Registration[]> {
    return ((await this.#ask('GET', '/registrations')) as { registrations: Registration[] }).registrations;
  }

  async showCaller(number: string): Promise<KnownCaller> {
    const answer = await this.#ask('POST', '/callers/show', { number });
    const { memory, stoppedSinceMs } = answer as Record<keyof KnownCaller, never>;
    return { memory: memory ?? undefined, stoppedSinceMs: stoppedSinceMs ?? undefined };
  }

  /** Resolves with whether something was remembered, and with what was done to the sounds cut from his recordings. */
  async forgetCaller(
    number: string,
    keepTaught = false,
  ): Promise<{ readonly forgotten: boolean; readonly taught: ForgottenSounds }> {
    const answer = await this.#ask('POST', '/callers/forget', { number, keepTaught });
    return answer as { forgotten: boolean; taught: ForgottenSounds };
  }

  /** Rejects with HTTP_CONTROL_FAILED and the reason when it is refused. */
  async teach(order: TeachOrder): Promise<{ entry: ShownEntry; report: TaughtResult['report'] }> {
    const answer = await this.#ask('POST', '/taught', order, teachLimitMs);
    return answer as { entry: ShownEntry; report: TaughtResult['report'] };
  }

  async taught(): Promise<readonly ShownEntry[]> {
    return ((await this.#ask('GET', '/taught')) as { taught: ShownEntry[] }).taught;
  }

  /** Resolves with what it was; rejects with HTTP_CONTROL_FAILED if there is nothing of this id. */
  async unteach(id: string): Promise<ShownEntry> {
    const answer = await this.#ask('DELETE', `/taught/${encodeURIComponent(id)}`);
    return (answer as { entry: ShownEntry }).entry;
  }

  sipTrace(key: string): Promise<SipTraceAnswer> {
    return this.#ask('GET', `/sip-trace/${encodeURIComponent(key)}`) as Promise<SipTraceAnswer>;
  }

  async #ask(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    content?: object,
    limitMs = answerLimitMs,
  ): Promise<unknown> {
    let answer: { status: number; body: string };
    try {
      answer = await this.#request(method, path, content, limitMs);
    } catch (error) {
      // It runs, and may still do what was asked.
      if (errorCode(error) === 'ABORT_ERR' || (error as Error).name === 'TimeoutError')
        throw httpError('HTTP_CONTROL_FAILED', {
          reason: `no answer of the server within ${limitMs / 1000} s`,
        });
      throw httpError('HTTP_NO_SERVER', { dataDir: this.dataDir, reason: errorCode(error) }, error);
    }
    let body: unknown;
    try {
      body = JSON.parse(answer.body);
    } catch {
      // Some other program took the port after the server was killed and could not take its token away.
      const reason = `${this.access.base} answers, but is no Xiangyin`;
      throw httpError('HTTP_NO_SERVER', { dataDir: this.dataDir, reason });
    }
    if (answer.status < 300) return body;
    const failure = (body as { error?: { message?: unknown } } | null)?.error?.message;
    throw httpError('HTTP_CONTROL_FAILED', {
      reason: typeof failure === 'string' ? failure : `the server answered with status ${answer.status}`,
    });
  }

  #request(
    method: string,
    path: string,
    content: object | undefined,
    limitMs: number,
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const sent = request(`${this.access.base}/control${path}`, {
        method,
        agent: false,
        signal: AbortSignal.timeout(limitMs),
        headers: {
          authorization: `Bearer ${this.access.token}`,
          ...(content !== undefined && { 'content-type': 'application/json' }),
        },
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      sent.end(content === undefined ? undefined : JSON.stringify(content));
    });
  }
}
