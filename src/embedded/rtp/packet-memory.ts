/** Room for a packet of 120 ms in any of our codecs but L16, and for SRTP's tag. */
const FIRST_BYTES = 1024;

/**
 * Where packets are made: one piece of memory for all calls of the thread, which the processor has at hand each time. Node
 * hands a packet to the system at once, unless the socket's queue is full; then it keeps the bytes, and {@link lose} leaves
 * them to it.
 */
export class PacketMemory {
  /** Of this thread. */
  static readonly shared = new PacketMemory();

  #bytes = new Uint8Array(FIRST_BYTES);
  /** The first bytes, by how many. */
  #views: (Uint8Array | undefined)[] = [];

  /** Hot: at least so many bytes, for the next packet; what is in them is of the one before. */
  room(bytes: number): Uint8Array {
    if (bytes > this.#bytes.length) this.#renew(bytes);
    return this.#bytes;
  }

  /** Hot: the first `length` bytes of `bytes`; without making anything when they are ours. */
  first(bytes: Uint8Array, length: number): Uint8Array {
    if (bytes.length === length) return bytes;
    if (bytes !== this.#bytes) return bytes.subarray(0, length);
    return (this.#views[length] ??= bytes.subarray(0, length));
  }

  /** Somebody else needs what is in the memory; the next packet is made elsewhere. */
  lose(): void {
    this.#renew(this.#bytes.length);
  }

  #renew(bytes: number): void {
    this.#bytes = new Uint8Array(bytes);
    this.#views = [];
  }
}
