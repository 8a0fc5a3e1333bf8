/** READ TOC/PMA/ATIP of a disc with one data track (MMC-5, 6.26; addresses in annex: MSF = LBA + 150). */
import { field } from './big-endian.ts';

const FRAMES_A_SECOND = 75;
const SECONDS_A_MINUTE = 60;
const PREGAP_FRAMES = 150;
const FIRST_TRACK = 1;
const LEAD_OUT = 0xaa;
/** ADR 1 (position), CONTROL 4 (data track). */
const DATA_TRACK = 0x14;
/** The lead-out as the reference has it: copying permitted. */
const LEAD_OUT_CONTROL = 0x16;
/** Points of a full TOC. */
const POINT_FIRST = 0xa0;
const POINT_LAST = 0xa1;
const POINT_LEAD_OUT = 0xa2;

export interface TocRequest {
  /** Blocks of 2048 bytes. */
  readonly blocks: number;
  readonly msf: boolean;
  /** Track, or session, from which on. */
  readonly from: number;
}

/** Minute, second, frame of a logical block. */
export function minuteSecondFrame(block: number): number[] {
  const frames = block + PREGAP_FRAMES;
  const seconds = Math.floor(frames / FRAMES_A_SECOND);
  return [Math.floor(seconds / SECONDS_A_MINUTE), seconds % SECONDS_A_MINUTE, frames % FRAMES_A_SECOND];
}

function address(block: number, msf: boolean): number[] {
  return msf ? [0, ...minuteSecondFrame(block)] : field(block, 4);
}

function withLength(body: readonly number[]): Uint8Array {
  return Uint8Array.from([...field(body.length, 2), ...body]);
}

/** Format 0: tracks, then the lead-out. Undefined when there is no such track. */
function tracks({ blocks, msf, from }: TocRequest): Uint8Array | undefined {
  if (from > FIRST_TRACK && from !== LEAD_OUT) {
    return undefined;
  }
  const track = [0, DATA_TRACK, FIRST_TRACK, 0, ...address(0, msf)];
  const leadOut = [0, LEAD_OUT_CONTROL, LEAD_OUT, 0, ...address(blocks, msf)];
  return withLength([FIRST_TRACK, FIRST_TRACK, ...(from <= FIRST_TRACK ? track : []), ...leadOut]);
}

/** Format 1: the last complete session begins with track 1. */
function sessions({ msf }: TocRequest): Uint8Array {
  return withLength([1, 1, 0, DATA_TRACK, FIRST_TRACK, 0, ...address(0, msf)]);
}

/** Format 2: what the lead-in has. */
function full({ blocks, from }: TocRequest): Uint8Array | undefined {
  if (from > 1) {
    return undefined;
  }
  const entry = (point: number, position: readonly number[]) => [
    1,
    DATA_TRACK,
    0,
    point,
    0,
    0,
    0,
    0,
    ...position,
  ];
  return withLength([
    1,
    1,
    ...entry(POINT_FIRST, [FIRST_TRACK, 0, 0]),
    ...entry(POINT_LAST, [FIRST_TRACK, 0, 0]),
    ...entry(POINT_LEAD_OUT, minuteSecondFrame(blocks)),
    ...entry(FIRST_TRACK, minuteSecondFrame(0)),
  ]);
}

const FORMATS: readonly ((request: TocRequest) => Uint8Array | undefined)[] = [tracks, sessions, full];

/** Undefined for a format or a track that a pressed disc does not have. */
export function tableOfContents(format: number, request: TocRequest): Uint8Array | undefined {
  return FORMATS[format]?.(request);
}
