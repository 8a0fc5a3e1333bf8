/** A range of the machine's shared memory: host address (offset in the WebAssembly.Memory) and length in bytes. */
export interface SharedPiece {
  readonly host: number;
  readonly bytes: number;
}
