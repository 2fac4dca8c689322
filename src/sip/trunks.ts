import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { globMatches } from '../dialog/glob.js';
import { sipError } from './errors.js';
import { inAddressRange } from './address-range.js';
import { readRulesFile, type RulesReport } from './rules-file.js';
import type { SipAnswer, SipRequest } from './sip-request.js';
import { trunkOrder } from './trunk-choice.js';
import { compileTrunks, type ReadSecret } from './trunk-file.js';
import type { TrunkHostLine } from './trunk-host-line.js';
import { TrunkLine, type TrunkStatus } from './trunk-line.js';
import { TrunkPing } from './trunk-ping.js';
import { TrunkRegistration, type RegistrationState } from './trunk-registration.js';
import { noTrunks, type Trunk, type TrunkPlan } from './trunk.js';

export interface TrunksOptions {
  /** `sip-config/trunks.yaml`; if it is not there, there are no trunks. */
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1; for weights and jitter. Default Math.random. */
  readonly random?: () => number;
}

/** What reading the file brought; with an error nothing was taken. */
export interface TrunkReport extends RulesReport {
  readonly trunks: readonly string[];
}

/** Sends a request outside dialogs through a drachtio server. */
export type SendRequest = (request: SipRequest) => Promise<SipAnswer | undefined>;

interface Kept {
  readonly line: TrunkLine;
  readonly hosts: readonly KeptHost[];
}

interface KeptHost {
  readonly line: TrunkHostLine;
  readonly registration: TrunkRegistration | undefined;
  readonly ping: TrunkPing;
}

/** The furthest first. */
const registrationOrder: readonly RegistrationState[] = [
  'registered',
  'refreshing',
  'registering',
  'failed',
  'idle',
  'closed',
];

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

  /** In the file's order. */
  get names(): readonly string[] {
    return [...this.#plan.trunks.keys()];
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
    return [...this.#kept.values()].map(({ line, hosts }) => ({
      name: line.trunk.name,
      enabled: line.trunk.enabled,
      hosts: hosts.map((host) => ({
        uri: host.line.uri,
        registration: host.registration?.state ?? null,
        registrationStatus: host.registration?.refusedWith ?? null,
        healthy: host.line.healthy ?? null,
        coolDownMs: Math.round(host.line.coolDownMs),
      })),
      registration:
        registrationOrder.find((state) => hosts.some(({ registration }) => registration?.state === state)) ??
        null,
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
      old?.line.change(trunk);
      const registers = trunk.registration !== undefined && trunk.enabled;
      const hosts = line.hosts.map((host) => ({
        line: host,
        registration: registers
          ? new TrunkRegistration({ trunk, host: host.host, send, clock, logger, random })
          : undefined,
        ping: new TrunkPing({ trunk, host, send, clock, logger }),
      }));
      const kept = { line, hosts };
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

function start({ line, hosts }: Kept): void {
  if (!line.trunk.enabled) return;
  for (const { registration, ping } of hosts) {
    registration?.start();
    ping.start();
  }
}

async function close({ hosts }: Kept): Promise<void> {
  for (const { ping } of hosts) ping.close();
  await Promise.all(hosts.map(({ registration }) => registration?.close()));
}

/** Reads and checks trunks.yaml, with the secrets that it names; a file that is not there has no trunks. Never rejects. */
export async function readTrunks(path: string): Promise<{
  readonly report: TrunkReport;
  readonly plan: TrunkPlan | undefined;
  readonly isAbsent: boolean;
}> {
  const { report, result, isAbsent } = await readRulesFile(
    path,
    (text, file) => compileTrunks(text, file, secretsBeside(path)),
    // The line of a password is not shown with what is wrong about it.
    (problem) => problem.path.endsWith('.password'),
  );
  const plan = isAbsent ? noTrunks : result?.ok === true ? result.plan : undefined;
  return { plan, isAbsent, report: { ...report, trunks: [...(plan?.trunks.keys() ?? [])] } };
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
