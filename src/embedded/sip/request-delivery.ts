import { openStream, type Listener, type SendFailed, type Target } from './transport.js';

/**
 * A request over a stream, until something answers. When its connection ends before, the request has failed (RFC 3261
 * §8.1.3.1); but over a connection that stood open before it is sent once more, over a new one: the peer may have closed
 * that one in the same moment. It has the same branch, so a peer that knows it already takes it for a repetition.
 */
export class RequestDelivery {
  #unwatch: () => void = () => undefined;
  #isOver = false;

  constructor(
    private readonly listener: Listener,
    private readonly target: Target,
    private readonly transmit: (failed: SendFailed) => void,
  ) {}

  /** Called once; `failed` too at most, later. */
  send(failed: SendFailed): void {
    const stream = openStream(this.listener, this.target);
    this.#deliver(stream?.isOpening === false, failed);
  }

  /** Something has answered, or nobody waits any more. */
  end(): void {
    this.#isOver = true;
    this.#unwatch();
  }

  #deliver(mayRepeat: boolean, failed: SendFailed): void {
    let isLost = false;
    const lost = (error: Error): void => {
      if (isLost || this.#isOver) return;
      isLost = true;
      this.#unwatch();
      if (mayRepeat) this.#deliver(false, failed);
      else failed(error);
    };
    this.transmit(lost);
    this.#unwatch = this.listener.watch(this.target, lost);
  }
}
