/** What opus-library.ts and phone-network.ts use of WebAssembly: TypeScript has it in the browser's library only, which is not ours. */
declare namespace WebAssembly {
  class Memory {
    /** Another one after the memory has grown. */
    readonly buffer: ArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, object>>);
    readonly exports: object;
  }
}
