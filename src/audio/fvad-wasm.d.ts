declare module '@echogarden/fvad-wasm' {
  /** The functions of fvad.h that are used; addresses are offsets into the module's memory. */
  export interface FvadModule {
    readonly HEAP16: Int16Array;
    _malloc(bytes: number): number;
    /** 0 when there is no memory. */
    _fvad_new(): number;
    _fvad_free(instance: number): void;
    _fvad_set_mode(instance: number, mode: number): number;
    _fvad_set_sample_rate(instance: number, sampleRateHz: number): number;
    /** 1 voice, 0 none, -1 a frame of no length that it knows. */
    _fvad_process(instance: number, frameAddress: number, samples: number): number;
  }
  export default function init(): Promise<FvadModule>;
}
