import type { ControlRoutes, LiveCall, PlaceOrder, TransferOrder } from '../../src/http/control-routes.js';
import type { CallerMemory } from '../../src/store/caller-memory.js';
import type { HealthReport } from '../../src/http/health.js';
import type { Registration } from '../../src/sip/locations.js';
import type { TrunkStatus } from '../../src/sip/trunk-line.js';

export const liveCall: LiveCall = {
  id: '20261121-013502-9f3c1a7e',
  sipCallId: 'a84b4c76e66710@phone',
  direction: 'inbound',
  callingNumber: '+442079460123',
  calledNumber: '1000',
  dialplan: 'clinic',
  state: 'confirmed',
  node: 'menu',
  receivedAtMs: 1000,
  answeredAtMs: 1007,
};

export const trunkStatus: TrunkStatus = {
  name: 'carrier',
  enabled: true,
  hosts: [
    {
      uri: 'sip:sip.carrier.example',
      registration: 'registered',
      registrationStatus: null,
      healthy: true,
      coolDownMs: 0,
    },
  ],
  registration: 'registered',
  healthy: true,
  coolDownMs: 0,
  calls: 2,
  maxCalls: 30,
};

export const registration: Registration = {
  user: 'alice',
  contact: 'sip:alice@192.0.2.7:5062',
  source: { protocol: 'tcp', address: '127.0.0.1', port: 40123 },
  expiresAtMs: 1_795_000_000_000,
  userAgent: 'desk \x1b[31m4',
};

/** The other side of the control routes: remembers what was asked of it. */
export class FakeControl implements ControlRoutes {
  readonly asked: string[] = [];
  report: HealthReport = { status: 'ok', calls: 1, daemons: [], problems: [] };

  status() {
    return Promise.resolve({
      ...this.report,
      version: '0.1.0',
      pid: 42,
      startedAtMs: 5,
      sipAddresses: ['sip:127.0.0.1:5060'],
      counts: { calls: 1, timers: 2, preparing: 3 },
    });
  }
  calls() {
    return [liveCall];
  }
  hangup(id: string) {
    this.asked.push(`hangup ${id}`);
    if (id === 'broken') throw new Error('the secret of the house');
    return Promise.resolve(id === liveCall.id);
  }
  place({ to, dialplan }: PlaceOrder) {
    this.asked.push(`place ${to} ${dialplan}`);
    return { call: { id: liveCall.id } };
  }
  transfer(id: string, { to, by }: TransferOrder) {
    this.asked.push(`transfer ${id} ${to} ${by}`);
    return id === liveCall.id;
  }
  drain(isDraining = true) {
    this.asked.push(isDraining ? 'drain' : 'drain off');
    this.report = { ...this.report, status: isDraining ? 'draining' : 'ok' };
  }
  readonly callers = new Map<string, CallerMemory>();
  stoppedSinceMs: number | undefined;
  stoppedCallingSinceMs() {
    return Promise.resolve(this.stoppedSinceMs);
  }
  showCaller(number: string) {
    this.asked.push(`show caller ${number}`);
    return Promise.resolve(this.callers.get(number));
  }
  forgetCaller(number: string) {
    this.asked.push(`forget caller ${number}`);
    return Promise.resolve(this.callers.delete(number));
  }
  sipTrace(key: string) {
    this.asked.push(`sip-trace ${key}`);
    return Promise.resolve({ found: 'none' as const });
  }
  reload() {
    const problems = ['hotline.yaml:3: no such node'];
    return Promise.resolve({ dialplans: ['clinic'], trunks: ['carrier'], problems, errors: 1 });
  }
  registrations() {
    return [registration];
  }
  trunks() {
    return [trunkStatus];
  }
}
