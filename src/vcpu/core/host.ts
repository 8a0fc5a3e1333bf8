// Everything that leaves the core's thread-private world: the imports that whoever instantiates it must give.

/** Ends the current instruction: throws a host exception that unwinds to the caller of run(), which calls run() again. */
// @ts-ignore: decorator
@external('host', 'unwind')
export declare function unwind(): void;

/** Port read of 1, 2 or 4 bytes; zero-extended. */
// @ts-ignore: decorator
@external('host', 'portIn')
export declare function portIn(port: u32, size: u32): u32;

// @ts-ignore: decorator
@external('host', 'portOut')
export declare function portOut(port: u32, size: u32, value: u32): void;

/** Guest-physical read of 1, 2 or 4 bytes outside RAM and ROM; the address as two halves. */
// @ts-ignore: decorator
@external('host', 'mmioRead')
export declare function mmioRead(low: u32, high: u32, size: u32): u32;

// @ts-ignore: decorator
@external('host', 'mmioWrite')
export declare function mmioWrite(low: u32, high: u32, size: u32, value: u32): void;

/** Virtual time in nanoseconds since the machine was powered on. */
// @ts-ignore: decorator
@external('host', 'virtualTime')
export declare function virtualTime(): f64;

/** The vector that the interrupt controller behind INTR gives (the acknowledge cycle of the 8259). */
// @ts-ignore: decorator
@external('host', 'picAcknowledge')
export declare function picAcknowledge(): u32;

/** Cryptographic-quality random bits for RDRAND and RDSEED. */
// @ts-ignore: decorator
@external('host', 'random')
export declare function random(): u32;

/** Waits a moment (at most a millisecond) for `address` to differ from `value`. */
// @ts-ignore: decorator
@external('host', 'waitWhileEqual')
export declare function waitWhileEqual(address: u32, value: u32): void;

/**
 * Drives the FERR# pin, which a PC wires to IRQ 13 (CR0.NE = 0 only). Gives 1 while the chipset asserts IGNNE#, which a
 * write to port F0h makes it do until FERR# falls (SDM vol. 1, 8.7.2 and appendix D).
 */
// @ts-ignore: decorator
@external('host', 'floatingPointError')
export declare function floatingPointError(asserted: u32): u32;

/** Tells the I/O APICs of the end of a level-triggered interrupt (SDM vol. 3, 10.8.5). */
// @ts-ignore: decorator
@external('host', 'eoiBroadcast')
export declare function eoiBroadcast(vector: u32): void;

/** The block with this header has been made (no entries yet), or entered CPU_HOT_ENTRIES times: its code may be translated now. */
// @ts-ignore: decorator
@external('host', 'hotBlock')
export declare function hotBlock(block: u32): void;
