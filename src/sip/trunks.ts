import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import type { Clock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { globMatches } from '../dialog/glob.js';
import { renderProblem } from '../dialog/problem.js';
import { sipError } from './errors.js';
import { inAddressRange } from './address-range.js';
import type { SipAnswer, SipRequest } from './sip-request.js';
import { trunkOrder } from './trunk-choice.js';
import { compileTrunks, type ReadSecret } from './trunk-file.js';
import { TrunkLine, type TrunkStatus } from './trunk-line.js';
import { TrunkPing } from './trunk-ping.js';
import { TrunkRegistration } from './trunk-registration.js';
import { noTrunks, trunkUri, type Trunk, type TrunkPlan } from './trunk.js';

export interface TrunksOptions {
  /** `sip-config/trunks.yaml`; if it is not there, there are no trunks. */
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1; for weights and jitter. Default Math.random. */
  readonly random?: () => number;
}

/** What reading the file brought; with an error nothing was taken. */
export interface TrunkReport {
  readonly trunks: readonly string[];
  /** Rendered with file, line and the line itself. */
  readonly problems: readonly string[];
  readonly errors: number;
}

/** Sends a request outside dialogs through a drachtio server. */
export type SendRequest = (request: SipRequest) => Promise<SipAnswer | undefined>;

interface Kept {
  readonly line: TrunkLine;
  readonly registration: TrunkRegistration | undefined;
  readonly ping: TrunkPing;
}

/**
 * The trunks: what trunks.yaml says and how each does now. Shared by all drachtio connections; registrations and OPTIONS go
 * through the one that {@link connect} was called for. Closed by the signalling.
 */
export class Trunks {
  #plan: TrunkPlan = noTrunks;
  #kept = new Map<string, Kept>();
  #send: SendRequest | undefined;
  #closed = false;

  constructor(private readonly options: TrunksOptions) {}

  /** Reads the file and takes it if it has no error; trunks whose entry is the same keep their state. Never rejects. */
  async load(): Promise<TrunkReport> {
    const { report, plan } = await readTrunks(this.options.file);
    if (plan !== undefined && !this.#closed) this.#take(plan);
    return report;
  }

  /** {@link load} for the start: rejects SIP_TRUNKS_BROKEN with every problem and its place. */
  async loadOrFail(): Promise<TrunkReport> {
    const report = await this.load();
    if (report.errors > 0) {
      throw sipError('SIP_TRUNKS_BROKEN', { count: report.errors, problems: report.problems.join('\n') });
    }
    return report;
  }

  /** Registers and asks for health through this connection from now on; called each time that it is there (again). */
  connect(send: SendRequest): void {
    this.#send = send;
    for (const kept of this.#kept.values()) start(kept);
  }

  /** The trunk that a request from this address is of; undefined: none. */
  trunkOf(sourceAddress: string): Trunk | undefined {
    for (const trunk of this.#plan.trunks.values()) {
      if (trunk.enabled && inAddressRange(trunk.sources, sourceAddress)) return trunk;
    }
    return undefined;
  }

  /** The trunks for a called number, or just the one that is asked for, in the order in which they are to be tried. */
  linesFor(called: string, only: string | undefined): readonly TrunkLine[] {
    const { random = Math.random } = this.options;
    const names = only === undefined ? trunkOrder(this.#plan.routes, called, random) : [only];
    const lines = names
      .map((name) => this.#kept.get(name)?.line)
      .filter((line) => line?.trunk.enabled === true) as readonly TrunkLine[];
    // Those that failed lately come last, rather than not at all: they may be all there is.
    return [...lines.filter((line) => line.isFit), ...lines.filter((line) => !line.isFit)];
  }

  /** Whether a `sip:` URI of this host may be dialled directly. */
  mayDial(host: string): boolean {
    return this.#plan.directHosts.some((pattern) => globMatches(pattern, host));
  }

  status(): readonly TrunkStatus[] {
    return [...this.#kept.values()].map(({ line, registration }) => ({
      name: line.trunk.name,
      enabled: line.trunk.enabled,
      hosts: line.trunk.hosts.map((host) => trunkUri(host)),
      registration: registration?.state ?? null,
      healthy: line.healthy ?? null,
      coolDownMs: Math.round(line.coolDownMs),
      calls: line.calls,
      maxCalls: line.trunk.maxCalls,
    }));
  }

  /** Takes registrations back; at most a second. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#kept.values()].map(close));
  }

  #take(plan: TrunkPlan): void {
    const { clock, logger, random = Math.random } = this.options;
    const before = this.#kept;
    this.#plan = plan;
    this.#kept = new Map();
    for (const trunk of plan.trunks.values()) {
      const old = before.get(trunk.name);
      if (old?.line.trunk.fingerprint === trunk.fingerprint) {
        this.#kept.set(trunk.name, old);
        before.delete(trunk.name);
        continue;
      }
      const send: SendRequest = (request) => this.#send?.(request) ?? Promise.resolve(undefined);
      // Calls that are up go on to count.
      const line = old?.line ?? new TrunkLine(trunk, clock);
      line.change(trunk);
      const registration =
        trunk.registration === undefined || !trunk.enabled
          ? undefined
          : new TrunkRegistration({ trunk, send, clock, logger, random });
      const kept = { line, registration, ping: new TrunkPing({ line, send, clock, logger }) };
      this.#kept.set(trunk.name, kept);
      // The new registration may be of the same address: the old one is taken back before it is made.
      void (old === undefined ? Promise.resolve() : close(old)).then(() => {
        if (this.#send !== undefined && this.#kept.get(trunk.name) === kept) start(kept);
      });
      before.delete(trunk.name);
    }
    for (const gone of before.values()) void close(gone);
  }
}

function start({ registration, ping, line }: Kept): void {
  if (!line.trunk.enabled) return;
  registration?.start();
  ping.start();
}

async function close({ registration, ping }: Kept): Promise<void> {
  ping.close();
  await registration?.close();
}

/** Reads and checks trunks.yaml, with the secrets that it names; a file that is not there has no trunks. Never rejects. */
export async function readTrunks(
  path: string,
): Promise<{ readonly report: TrunkReport; readonly plan: TrunkPlan | undefined }> {
  const file = shown(path);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      return { report: { trunks: [], problems: [], errors: 0 }, plan: noTrunks };
    const problem = `${file}: error: the file cannot be read (${errorCode(error)})`;
    return { report: { trunks: [], problems: [problem], errors: 1 }, plan: undefined };
  }
  const result = compileTrunks(text, file, secretsBeside(path));
  const plan = result.ok ? result.plan : undefined;
  return {
    plan,
    report: {
      trunks: [...(plan?.trunks.keys() ?? [])],
      problems: result.problems.map((problem) => renderProblem(problem, withoutSecret(problem.path, text))),
      errors: result.problems.filter(({ severity }) => severity === 'error').length,
    },
  };
}

/** The line of a password is not shown with what is wrong about it. */
function withoutSecret(path: string, text: string): string | undefined {
  return path.endsWith('.password') ? undefined : text;
}

function secretsBeside(path: string): ReadSecret {
  return (secret) => {
    const file = resolve(dirname(path), secret);
    try {
      return { text: readFileSync(file, 'utf8'), isOpen: (statSync(file).mode & 0o004) !== 0 };
    } catch (error) {
      return errorCode(error);
    }
  };
}

/** As short as it can be and still be opened from where the user stands. */
function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}
