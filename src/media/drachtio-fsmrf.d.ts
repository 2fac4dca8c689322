/** The part of drachtio-fsmrf 4.1.2 (and drachtio-modesl 1.3.1 below it) that this room uses; neither ships types. */
declare module 'drachtio-fsmrf' {
  import type { EventEmitter } from 'node:events';
  import type { Server, Socket } from 'node:net';
  import type Srf from 'drachtio-srf';

  namespace Mrf {
    interface EslEvent {
      getBody(): string;
      getHeader(name: string): string | undefined;
    }

    interface EslConnection {
      readonly socket: Socket | null;
      readonly reconnectOpts: { retryMaxDelay?: number };
      connected(): boolean;
      on(event: string, listener: (event: EslEvent) => void): void;
    }

    interface ConnectOptions {
      address: string;
      port: number;
      secret: string;
      profile: string;
      listenAddress: string;
      listenPort: number;
      advertisedAddress?: string;
      advertisedPort?: number;
    }

    interface MediaServer extends EventEmitter {
      readonly conn: EslConnection;
      readonly address: string;
      readonly currentSessions: number;
      readonly maxSessions: number;
      readonly fsVersion: string | undefined;
      /** Listener for the media server's outbound sockets; undocumented, needed to make its writes fewer. */
      readonly _server: EventEmitter & { readonly server: Server };
      connected(): boolean;
      api(command: string): Promise<string>;
      createEndpoint(options: { remoteSdp?: string }): Promise<Endpoint>;
      disconnect(): void;
    }

    interface ForkOptions {
      wsUrl: string;
      mixType: 'mono' | 'mixed' | 'stereo';
      sampling: string;
      bugname: string;
      /** Strings, since the library turns a boolean false into 'true'. */
      bidirectionalAudio: { enabled: 'true' | 'false'; streaming: 'true' | 'false'; sampleRate: string };
    }

    interface Endpoint extends EventEmitter {
      readonly uuid: string;
      readonly conn: EslConnection | null;
      readonly local: { sdp: string };
      readonly remote: { readonly sdp?: string };
      readonly dialog: Srf.Dialog | null;
      readonly connected: boolean;
      modify(sdp: string): Promise<string>;
      /** All are strings. */
      play(
        file: string | string[],
      ): Promise<{ playbackMilliseconds?: string; playbackLastOffsetPos?: string } | undefined>;
      api(command: string, args: string | string[]): Promise<EslEvent>;
      execute(application: string, argument: string): Promise<EslEvent>;
      forkAudioStart(options: ForkOptions): Promise<void>;
      forkAudioStop(bugname: string): Promise<void>;
      destroy(): Promise<void>;
    }
  }

  class Mrf {
    constructor(srf: Srf, options?: { customEvents?: string[] });
    connect(options: Mrf.ConnectOptions): Promise<Mrf.MediaServer>;
  }

  export = Mrf;
}
