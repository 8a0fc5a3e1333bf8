/** Registers and bits of the National Semiconductor PC16550D, as its data sheet names them (table II). */

/** Offsets from the base address. RBR and THR, IER, and FCR share theirs with DLL, DLM and IIR. */
export const RBR_THR = 0;
export const IER = 1;
export const IIR_FCR = 2;
export const LCR = 3;
export const MCR = 4;
export const LSR = 5;
export const MSR = 6;
export const SCR = 7;
export const UART_PORTS = 8;

export const IER_RECEIVED = 1 << 0;
export const IER_TRANSMITTER_EMPTY = 1 << 1;
export const IER_LINE_STATUS = 1 << 2;
export const IER_MODEM_STATUS = 1 << 3;
export const IER_BITS = 0x0f;

/** IIR: what is pending, highest priority first (table IV). */
export const IIR_LINE_STATUS = 0x06;
export const IIR_TIMEOUT = 0x0c;
export const IIR_RECEIVED = 0x04;
export const IIR_TRANSMITTER_EMPTY = 0x02;
export const IIR_MODEM_STATUS = 0x00;
export const IIR_NONE = 0x01;
export const IIR_FIFOS_ENABLED = 0xc0;

export const FCR_ENABLE = 1 << 0;
export const FCR_CLEAR_RECEIVER = 1 << 1;
export const FCR_CLEAR_TRANSMITTER = 1 << 2;
export const FCR_DMA_MODE = 1 << 3;
export const FCR_TRIGGER_SHIFT = 6;
/** Bytes in the receiver FIFO that raise an interrupt, by FCR bits 6 and 7. */
export const FCR_TRIGGERS: readonly number[] = [1, 4, 8, 14];
/** The bits that stay; the others act once. */
export const FCR_KEPT = 0xc9;

export const LCR_WORD_LENGTH = 0x03;
export const LCR_TWO_STOP_BITS = 1 << 2;
export const LCR_PARITY = 1 << 3;
export const LCR_DIVISOR_ACCESS = 1 << 7;

export const MCR_DTR = 1 << 0;
export const MCR_RTS = 1 << 1;
export const MCR_OUT1 = 1 << 2;
export const MCR_OUT2 = 1 << 3;
export const MCR_LOOP = 1 << 4;
export const MCR_BITS = 0x1f;

export const LSR_DATA_READY = 1 << 0;
export const LSR_OVERRUN = 1 << 1;
export const LSR_PARITY = 1 << 2;
export const LSR_FRAMING = 1 << 3;
export const LSR_BREAK = 1 << 4;
export const LSR_TRANSMITTER_HOLDING_EMPTY = 1 << 5;
export const LSR_TRANSMITTER_EMPTY = 1 << 6;
export const LSR_FIFO_ERROR = 1 << 7;
/** What raises a line status interrupt and what a read clears (8.4). */
export const LSR_ERRORS = LSR_OVERRUN | LSR_PARITY | LSR_FRAMING | LSR_BREAK;

export const MSR_DELTA_CTS = 1 << 0;
export const MSR_DELTA_DSR = 1 << 1;
export const MSR_TRAILING_RI = 1 << 2;
export const MSR_DELTA_DCD = 1 << 3;
export const MSR_DELTAS = 0x0f;
export const MSR_CTS = 1 << 4;
export const MSR_DSR = 1 << 5;
export const MSR_RI = 1 << 6;
export const MSR_DCD = 1 << 7;

export const FIFO_BYTES = 16;
/** The PC's crystal of 1.8432 MHz divided by 16: the baud rate of divisor 1. */
export const BASE_BAUD = 115200;
