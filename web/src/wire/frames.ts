/** Pictures on the wire: `[kind u8][seq u32][step u32][time f64]`, little-endian, then the image. */

import { FrameKind } from "./messages";

export const HEADER_BYTES = 17;

export interface WireFrame {
  kind: FrameKind;
  seq: number;
  /** What it counts depends on the kind: a step, a revision, a seed or an entry of the history. */
  step: number;
  /** The server's clock, in seconds since 1970. */
  timeS: number;
  /** JPEG or PNG; empty for a mask that is gone. */
  encoded: Uint8Array<ArrayBuffer>;
}

/** Null for what is not a picture that this page knows. */
export function parseFrame(buffer: ArrayBuffer): WireFrame | null {
  if (buffer.byteLength < HEADER_BYTES) {
    return null;
  }
  const header = new DataView(buffer);
  const kind = header.getUint8(0);
  if (!(kind in FrameKind)) {
    return null;
  }
  return {
    kind,
    seq: header.getUint32(1, true),
    step: header.getUint32(5, true),
    timeS: header.getFloat64(9, true),
    encoded: new Uint8Array(buffer, HEADER_BYTES),
  };
}

/** Whether `seq` was sent after `other`; the counter wraps at 2^32. */
export function isLater(seq: number, other: number): boolean {
  return ((seq - other) | 0) > 0;
}

export function imageBlob(encoded: Uint8Array<ArrayBuffer>): Blob {
  const type = encoded[0] === 0xff ? "image/jpeg" : "image/png";
  return new Blob([encoded], { type });
}
