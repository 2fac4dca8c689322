import { EventEmitter } from 'node:events';
import type Mrf from 'drachtio-fsmrf';

/** drachtio-fsmrf's endpoint as far as the media room uses it; what it promises is settled by the test. */
export class FakeMrfEndpoint extends EventEmitter {
  readonly uuid = 'test-uuid';
  readonly conn = new EventEmitter();
  readonly local = { sdp: 'v=0' };
  readonly remote: { sdp?: string } = {};
  readonly commands: string[] = [];
  legEnds = 0;
  readonly dialog = { destroy: () => void (this.legEnds += 1) };
  /** Settles the call of this name that is under way. */
  readonly pending = new Map<string, { done: (value?: unknown) => void; fail: (error: Error) => void }>();

  #begin(name: string, what: string): Promise<never> {
    this.commands.push(what);
    return new Promise((resolve, reject) => {
      this.pending.set(name, { done: resolve as (value?: unknown) => void, fail: reject });
    });
  }

  modify(sdp: string): Promise<string> {
    return this.#begin('modify', `modify ${sdp}`);
  }

  play(file: string | string[]): Promise<unknown> {
    return this.#begin('play', `play ${String(file)}`);
  }

  api(command: string, args: string): Promise<never> {
    return this.#begin('api', `${command} ${args}`);
  }

  destroy(): Promise<void> {
    return this.#begin('destroy', 'destroy');
  }

  forkAudioStart(options: Mrf.ForkOptions): Promise<void> {
    const { mixType, bugname, wsUrl, bidirectionalAudio } = options;
    return this.#begin('fork', `fork ${mixType} ${bugname} ${wsUrl} ${bidirectionalAudio.enabled}`);
  }

  get asEndpoint(): Mrf.Endpoint {
    return this as unknown as Mrf.Endpoint;
  }
}
