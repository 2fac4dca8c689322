import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import { uuid as newUuid } from '../../core/ids.js';
import type { Logger } from '../../core/logger.js';
import type { FreeSwitchEvent } from './event.js';
import type { EventBus, EventListener } from './event-bus.js';
import {
  apiResponse,
  AUTH_REQUEST,
  commandReply,
  CommandReader,
  disconnectNotice,
  encodeHeaderValue,
  eventFrame,
  type EventFormat,
  type EventSocketCommand,
} from './event-socket-framing.js';
import { Subscription } from './subscription.js';

/** An `execute` message, ready to be run. */
export interface ExecuteRequest {
  readonly application: string;
  readonly argument: string;
  /** The client's Event-UUID, which comes back as Application-UUID. */
  readonly eventUuid: string | undefined;
  readonly eventLock: boolean;
  readonly loops: number;
}

/** What a session needs of a channel. */
export interface ControlledChannel {
  readonly uuid: string;
  execute(request: ExecuteRequest): void;
  hangup(cause: string): void;
  getVariable(name: string): string | undefined;
  /** All headers of a CHANNEL_DATA event. */
  channelData(): Readonly<Record<string, string>>;
}

/** What a session needs of the server. */
export interface SessionHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bus: EventBus;
  findChannel(uuid: string): ControlledChannel | undefined;
  /** Runs an API command; never rejects. */
  api(command: string): string | Promise<string>;
  /** The facts of a HEARTBEAT, sent once right after it was subscribed to. */
  heartbeat(): FreeSwitchEvent;
}

export interface SessionOptions {
  /** Inbound: what `auth` must say. Undefined on outbound connections, which the client trusts us to have opened. */
  readonly secret?: string;
  /** Outbound: the call this connection controls. */
  readonly channel?: ControlledChannel;
  /** Called once, when the socket is gone for whatever reason. */
  readonly closed: (session: EventSocketSession) => void;
}

/** A client that has not authenticated after this long is a scanner. */
const AUTH_LIMIT_MS = 10_000;
/** A client that reads so slowly that this much is waiting for it is dropped, before it costs everybody's memory. */
const OUTPUT_LIMIT_BYTES = 16 << 20;
const DEFAULT_LINGER_SECS = 5;

/**
 * One Event Socket connection, inbound (the client dialled our control port) or outbound (we dialled the client for one
 * call, `async full`). Commands are answered strictly in order: clients match replies by counting.
 */
export class EventSocketSession implements EventListener {
  readonly subscription = new Subscription();
  readonly #reader = new CommandReader();
  readonly #waiting: EventSocketCommand[] = [];
  #output = '';
  #busy = false;
  #authenticated: boolean;
  #closed = false;
  #lingerSecs: number | undefined;
  #timer: Timer | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly host: SessionHost,
    private readonly options: SessionOptions,
  ) {
    this.#authenticated = options.secret === undefined;
    // Our replies are small and answer small packets: with Nagle each would wait 40 ms for the client's delayed ACK.
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#data(bytes));
    socket.on('error', (error) => host.logger.debug({ code: errorCode(error) }, 'event socket failed'));
    socket.on('close', () => this.#gone());
    host.bus.file(this);
    if (!this.#authenticated) {
      this.#write(AUTH_REQUEST);
      this.#timer = host.clock.after(AUTH_LIMIT_MS, () => this.close());
    }
  }

  /** The call ended: says so and closes, at once or, if the client asked to linger, later. */
  channelEnded(): void {
    if (this.#closed) return;
    this.#write(disconnectNotice(this.options.channel?.uuid, this.#lingerSecs));
    if (this.#lingerSecs === undefined) this.#hangUp();
    // A client that never closes its half must not keep the socket: the timer ends it.
    this.#timer?.cancel();
    this.#timer = this.host.clock.after((this.#lingerSecs ?? 2) * 1000, () => this.close());
  }

  /** Closes the socket now. */
  close(): void {
    this.#flush();
    this.socket.destroy();
    this.#gone();
  }

  #gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.host.bus.remove(this);
    this.#waiting.length = 0;
    this.options.closed(this);
  }

  /** Frames of one turn of the event loop leave together: a reply, say, and the events that come of the command. */
  #write(frame: string): void {
    if (this.#output === '') setImmediate(() => this.#flush());
    this.#output += frame;
  }

  #flush(): void {
    const output = this.#output;
    this.#output = '';
    if (output === '' || this.#closed || this.socket.destroyed || !this.socket.writable) return;
    this.socket.write(output);
    if (this.socket.writableLength > OUTPUT_LIMIT_BYTES) {
      this.host.logger.warn(
        { address: this.socket.remoteAddress },
        'event socket client reads too slowly, dropped',
      );
      this.close();
    }
  }

  /** Says what is left to say, and then no more. */
  #hangUp(): void {
    this.#flush();
    this.socket.end();
  }

  /** Nothing is subscribed to before the client has authenticated. */
  deliver(event: FreeSwitchEvent): void {
    const format = this.subscription.format;
    this.#write(eventFrame(format, event.serialize(format)));
  }

  #data(bytes: Buffer): void {
    try {
      this.#waiting.push(...this.#reader.push(bytes));
    } catch (error) {
      this.host.logger.warn({ code: errorCode(error) }, 'event socket client dropped');
      this.close();
      return;
    }
    this.#next();
  }

  #next(): void {
    while (!this.#busy && !this.#closed) {
      const command = this.#waiting.shift();
      if (command === undefined) return;
      const done = this.#command(command);
      if (done !== undefined) {
        this.#busy = true;
        void done.then(() => {
          this.#busy = false;
          this.#next();
        });
      }
    }
  }

  /** Answers one command; a promise when the answer takes time, so that no later command overtakes it. */
  #command(command: EventSocketCommand): Promise<void> | undefined {
    const [name = '', ...words] = command.line.split(/\s+/);
    if (name === 'exit') return this.#exit();
    if (!this.#authenticated) {
      this.#authenticate(name, command.line);
      return undefined;
    }
    switch (name) {
      case 'api':
        return this.#api(command.line.slice(3).trim());
      case 'bgapi':
        return this.#bgapi(command);
      case 'sendmsg':
        this.#sendmsg(command, words[0]);
        return undefined;
      default:
        this.#write(this.#simple(name, words, command));
        if (name === 'event' && words.some((w) => w === 'HEARTBEAT')) this.#heartbeat();
        return undefined;
    }
  }

  #heartbeat(): void {
    const heartbeat = this.host.heartbeat();
    if (this.subscription.wants(heartbeat)) this.deliver(heartbeat);
  }

  #authenticate(name: string, line: string): void {
    if (name !== 'auth') {
      this.#write(commandReply('-ERR command not found'));
      return;
    }
    if (!sameSecret(line.slice(4).trim(), this.options.secret ?? '')) {
      this.host.logger.warn(
        { address: this.socket.remoteAddress },
        'event socket client gave a wrong secret',
      );
      this.#write(commandReply('-ERR invalid'));
      this.#write(disconnectNotice(undefined, undefined));
      this.#hangUp();
      return;
    }
    this.#authenticated = true;
    this.#timer?.cancel();
    this.#write(commandReply('+OK accepted'));
  }

  async #exit(): Promise<void> {
    this.#write(commandReply('+OK bye'));
    this.#write(disconnectNotice(undefined, undefined));
    this.#hangUp();
    await Promise.resolve();
  }

  #api(line: string): Promise<void> | undefined {
    const answer = this.host.api(line);
    if (typeof answer !== 'string') return answer.then((body) => this.#write(apiResponse(body)));
    this.#write(apiResponse(answer));
    return undefined;
  }

  #bgapi(command: EventSocketCommand): undefined {
    const line = command.line.slice(5).trim();
    const job = command.headers.get('job-uuid') ?? newUuid();
    this.#write(commandReply(`+OK Job-UUID: ${job}`, { 'Job-UUID': job }));
    const [name = '', ...args] = line.split(' ');
    const report = (body: string): void => {
      const headers: Record<string, string> = { 'Job-UUID': job, 'Job-Command': name };
      if (args.length > 0) headers['Job-Command-Arg'] = args.join(' ');
      this.host.bus.publish(this.host.bus.factory.make('BACKGROUND_JOB', headers, { body }));
    };
    void Promise.resolve(this.host.api(line)).then(report);
    return undefined;
  }

  #sendmsg(command: EventSocketCommand, target: string | undefined): void {
    const channel = target === undefined ? this.options.channel : this.host.findChannel(target);
    if (channel === undefined) {
      this.#write(commandReply(`-ERR invalid session id [${target ?? ''}]`));
      return;
    }
    const kind = command.headers.get('call-command');
    if (kind === 'hangup') {
      this.#write(commandReply('+OK'));
      channel.hangup(command.headers.get('hangup-cause') ?? 'NORMAL_CLEARING');
      return;
    }
    const application = command.headers.get('execute-app-name');
    if (kind !== 'execute' || application === undefined || application === '') {
      this.#write(commandReply('-ERR invalid call-command'));
      return;
    }
    this.#write(commandReply('+OK'));
    channel.execute({
      application,
      argument: command.headers.get('execute-app-arg') ?? command.body,
      eventUuid: command.headers.get('event-uuid'),
      eventLock: command.headers.get('event-lock') === 'true',
      loops: Number(command.headers.get('loops') ?? 1) || 1,
    });
  }

  /** Commands whose answer is one reply and which start nothing. */
  #simple(name: string, words: readonly string[], command: EventSocketCommand): string {
    switch (name) {
      case 'connect':
        return this.#connect();
      case 'event': {
        const format = words[0]?.toLowerCase();
        const named = isFormat(format);
        this.subscription.format = named ? format : 'plain';
        this.subscription.add(named ? words.slice(1) : words);
        return commandReply(`+OK event listener enabled ${this.subscription.format}`);
      }
      case 'nixevent':
        this.subscription.remove(words);
        return commandReply('+OK events nixed');
      case 'noevents':
        this.subscription.clear();
        return commandReply('+OK no longer listening for events');
      case 'filter':
        return this.#filter(words);
      case 'myevents':
        return this.#myEvents(words);
      case 'linger':
        if (this.options.channel === undefined) return commandReply('-ERR not controlling a session');
        this.#lingerSecs = Number(words[0] ?? DEFAULT_LINGER_SECS) || DEFAULT_LINGER_SECS;
        return commandReply(
          words[0] === undefined ? '+OK will linger' : `+OK will linger ${this.#lingerSecs} seconds`,
        );
      case 'nolinger':
        if (this.options.channel === undefined) return commandReply('-ERR not controlling a session');
        this.#lingerSecs = undefined;
        return commandReply('+OK will not linger');
      case 'divert_events':
        // Our channels keep no event for themselves: there is nothing that would not come anyway.
        if (this.options.channel === undefined) return commandReply('-ERR not controlling a session.');
        if (words[0] === undefined) return commandReply('-ERR missing value.');
        return commandReply(`+OK events ${words[0].toLowerCase() === 'on' ? '' : 'not '}diverted`);
      case 'nolog':
        return commandReply('-ERR not loging');
      case 'resume':
        // Lets a dialplan go on when the socket closes; there is none behind ours, so the call still ends then.
        return commandReply(this.options.channel === undefined ? '-ERR command not found' : '+OK');
      case 'getvar':
        if (this.options.channel === undefined) return commandReply('-ERR command not found');
        return commandReply(this.options.channel.getVariable(words[0] ?? '') ?? '');
      case 'sendevent':
        return this.#sendEvent(words[0] ?? 'CUSTOM', command);
      default:
        return commandReply('-ERR command not found');
    }
  }

  /** The answer is one block that is reply and CHANNEL_DATA event at once, its values URL-encoded, without a body. */
  #connect(): string {
    const channel = this.options.channel;
    if (channel === undefined) return commandReply('-ERR command not found');
    let block = '';
    for (const [name, value] of Object.entries(channel.channelData())) {
      block += `${name}: ${encodeHeaderValue(value)}\n`;
    }
    return `${block}Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n`;
  }

  #filter(words: readonly string[]): string {
    const [first, second, ...rest] = words;
    if (first === 'delete') {
      if (second === undefined) return commandReply('-ERR invalid syntax');
      this.subscription.removeFilter(second, rest.length === 0 ? undefined : rest.join(' '));
      this.host.bus.file(this);
      return commandReply(`+OK filter deleted. [${second}][${rest.join(' ')}]`);
    }
    if (first === undefined || second === undefined) return commandReply('-ERR invalid syntax');
    const value = [second, ...rest].join(' ');
    this.subscription.addFilter(first, value);
    this.host.bus.file(this);
    return commandReply(`+OK filter added. [${first}]=[${value}]`);
  }

  #myEvents(words: readonly string[]): string {
    const format = words.find((word) => isFormat(word.toLowerCase()))?.toLowerCase();
    const id = this.options.channel?.uuid ?? words.find((word) => !isFormat(word.toLowerCase()));
    if (id === undefined) return commandReply('-ERR invalid uuid');
    if (isFormat(format)) this.subscription.format = format;
    this.subscription.add(['all']);
    this.subscription.addFilter('Unique-ID', id);
    this.host.bus.file(this);
    return commandReply('+OK Events Enabled');
  }

  #sendEvent(name: string, command: EventSocketCommand): string {
    const headers: Record<string, string> = {};
    for (const [field, value] of command.fields) {
      if (field !== 'Content-Length' && field !== 'Event-Name') headers[field] = value;
    }
    const subclass = headers['Event-Subclass'];
    const event = this.host.bus.factory.make(name.toUpperCase(), headers, {
      ...(subclass === undefined ? {} : { subclass }),
      ...(command.body === '' ? {} : { body: command.body }),
    });
    this.host.bus.publish(event);
    return commandReply(`+OK ${newUuid()}`);
  }
}

function isFormat(word: string | undefined): word is EventFormat {
  return word === 'json' || word === 'plain' || word === 'xml';
}

function sameSecret(given: string, wanted: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
