import type { EventFactory, FreeSwitchEvent } from './event.js';
import type { Subscription } from './subscription.js';

/** One Event Socket connection that is told of events. */
export interface EventListener {
  readonly subscription: Subscription;
  /** An event that the subscription wants. Never throws (a socket's errors are events). */
  deliver(event: FreeSwitchEvent): void;
}

/**
 * Where events go. Each call's connection hears of its own channel alone: such listeners are filed by channel, so that an
 * event does not pass by the connections of all the other calls.
 */
export class EventBus {
  readonly #everywhere = new Set<EventListener>();
  readonly #byChannel = new Map<string, Set<EventListener>>();
  /** Under which channels a listener is filed; undefined: everywhere. */
  readonly #places = new Map<EventListener, readonly string[] | undefined>();

  constructor(readonly factory: EventFactory) {}

  /** Adds a listener, or files it anew after its subscription has changed. */
  file(listener: EventListener): void {
    this.remove(listener);
    const channels = listener.subscription.channels;
    this.#places.set(listener, channels);
    if (channels === undefined) {
      this.#everywhere.add(listener);
      return;
    }
    for (const channel of channels) {
      const filed = this.#byChannel.get(channel);
      if (filed === undefined) this.#byChannel.set(channel, new Set([listener]));
      else filed.add(listener);
    }
  }

  remove(listener: EventListener): void {
    for (const channel of this.#places.get(listener) ?? []) {
      const filed = this.#byChannel.get(channel);
      filed?.delete(listener);
      if (filed?.size === 0) this.#byChannel.delete(channel);
    }
    this.#places.delete(listener);
    this.#everywhere.delete(listener);
  }

  /** Whether to make an event at all; `channel` is its Unique-ID. */
  isWanted(name: string, subclass: string | undefined, channel: string): boolean {
    return hears(this.#everywhere, name, subclass) || hears(this.#byChannel.get(channel), name, subclass);
  }

  publish(event: FreeSwitchEvent): void {
    for (const listener of this.#everywhere) give(listener, event);
    const channel = event.header('Unique-ID');
    if (channel === undefined) return;
    for (const listener of this.#byChannel.get(channel.toLowerCase()) ?? []) give(listener, event);
  }
}

function hears(
  listeners: ReadonlySet<EventListener> | undefined,
  name: string,
  subclass: string | undefined,
): boolean {
  if (listeners === undefined) return false;
  for (const { subscription } of listeners) if (subscription.names(name, subclass)) return true;
  return false;
}

function give(listener: EventListener, event: FreeSwitchEvent): void {
  if (listener.subscription.wants(event)) listener.deliver(event);
}
