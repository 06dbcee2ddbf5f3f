/**
 * GGML block formats to float32 (layouts: ggml repository, ggml-common.h and ggml-quants.c). Products are rounded to
 * float32 in the order of the reference code, so results are equal to it bit for bit.
 */

import { HALF_VALUES } from '../quantize/halfFloat.ts';
import type { GgmlType, GgmlTypeName } from './ggmlTypes.ts';

type BlockDecoder = (bytes: Uint8Array, at: number, into: Float32Array, to: number) => void;

/**
 * Decodes whole blocks: as many as fill the first `elementCount` places of `into`.
 *
 * `elementCount` is a multiple of the type's block; `bytes` starts at the first block.
 */
export function dequantize(type: GgmlType, bytes: Uint8Array, into: Float32Array, elementCount: number): void {
  const decode = BLOCK_DECODERS[type.name];
  const { blockElements, blockBytes } = type;
  for (let at = 0, to = 0; to < elementCount; at += blockBytes, to += blockElements) {
    decode(bytes, at, into, to);
  }
}

const BLOCK_DECODERS: Readonly<Record<GgmlTypeName, BlockDecoder>> = {
  F32: (bytes, at, into, to) => {
    into[to] = bitsToFloat(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  },
  F16: (bytes, at, into, to) => {
    into[to] = half(bytes, at);
  },
  BF16: (bytes, at, into, to) => {
    into[to] = bitsToFloat((bytes[at]! << 16) | (bytes[at + 1]! << 24));
  },
  Q4_0: decodeQ4_0,
  Q4_1: decodeQ4_1,
  Q5_0: decodeQ5_0,
  Q5_1: decodeQ5_1,
  Q8_0: decodeQ8_0,
  Q4_K: decodeQ4_K,
  Q5_K: decodeQ5_K,
  Q6_K: decodeQ6_K,
};

/** `scale f16, nibbles[16]`: low nibbles are elements 0–15, high nibbles 16–31; value (n − 8)·scale. */
function decodeQ4_0(bytes: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(bytes, at);
  for (let index = 0; index < 16; index++) {
    const pair = bytes[at + 2 + index]!;
    into[to + index] = scale * ((pair & 15) - 8);
    into[to + 16 + index] = scale * ((pair >> 4) - 8);
  }
}

/** `scale f16, minimum f16, nibbles[16]`: value n·scale + minimum. */
function decodeQ4_1(bytes: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(bytes, at);
  const minimum = half(bytes, at + 2);
  for (let index = 0; index < 16; index++) {
    const pair = bytes[at + 4 + index]!;
    into[to + index] = Math.fround(scale * (pair & 15)) + minimum;
    into[to + 16 + index] = Math.fround(scale * (pair >> 4)) + minimum;
  }
}

/** `scale f16, fifth bits u32, nibbles[16]`: value (n − 16)·scale. */
function decodeQ5_0(bytes: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(bytes, at);
  const high = bytes[at + 2]! | (bytes[at + 3]! << 8) | (bytes[at + 4]! << 16) | (bytes[at + 5]! << 24);
  for (let index = 0; index < 16; index++) {
    const pair = bytes[at + 6 + index]!;
    into[to + index] = scale * (((pair & 15) | (((high >>> index) & 1) << 4)) - 16);
    into[to + 16 + index] = scale * (((pair >> 4) | (((high >>> (index + 16)) & 1) << 4)) - 16);
  }
}

/** `scale f16, minimum f16, fifth bits u32, nibbles[16]`. */
function decodeQ5_1(bytes: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(bytes, at);
  const minimum = half(bytes, at + 2);
  const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
  for (let index = 0; index < 16; index++) {
    const pair = bytes[at + 8 + index]!;
    const low = (pair & 15) | (((high >>> index) & 1) << 4);
    const upper = (pair >> 4) | (((high >>> (index + 16)) & 1) << 4);
    into[to + index] = Math.fround(scale * low) + minimum;
    into[to + 16 + index] = Math.fround(scale * upper) + minimum;
  }
}

/** `scale f16, codes i8[32]`. */
function decodeQ8_0(bytes: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(bytes, at);
  for (let index = 0; index < 32; index++) {
    into[to + index] = scale * ((bytes[at + 2 + index]! << 24) >> 24);
  }
}

/** `scale f16, minimumScale f16, packed[12], nibbles[128]`: eight groups of 32, each with 6-bit scale and minimum. */
function decodeQ4_K(bytes: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(bytes, at);
  const minimumScale = half(bytes, at + 2);
  for (let group = 0; group < 8; group++) {
    const groupScale = Math.fround(scale * groupScaleCode(bytes, at + 4, group));
    const groupMinimum = Math.fround(minimumScale * groupMinimumCode(bytes, at + 4, group));
    const shift = (group & 1) << 2;
    const nibbles = at + 16 + (group >> 1) * 32;
    for (let index = 0; index < 32; index++) {
      const code = (bytes[nibbles + index]! >> shift) & 15;
      into[to + group * 32 + index] = Math.fround(groupScale * code) - groupMinimum;
    }
  }
}

/** As Q4_K with `fifth bits[32]` before the nibbles: bit g of byte i belongs to element i of group g. */
function decodeQ5_K(bytes: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(bytes, at);
  const minimumScale = half(bytes, at + 2);
  for (let group = 0; group < 8; group++) {
    const groupScale = Math.fround(scale * groupScaleCode(bytes, at + 4, group));
    const groupMinimum = Math.fround(minimumScale * groupMinimumCode(bytes, at + 4, group));
    const shift = (group & 1) << 2;
    const nibbles = at + 48 + (group >> 1) * 32;
    for (let index = 0; index < 32; index++) {
      const fifth = ((bytes[at + 16 + index]! >> group) & 1) << 4;
      const code = ((bytes[nibbles + index]! >> shift) & 15) | fifth;
      into[to + group * 32 + index] = Math.fround(groupScale * code) - groupMinimum;
    }
  }
}

/** `low nibbles[128], upper pairs[64], scales i8[16], scale f16`: groups of 16, value (code − 32)·scale·groupScale. */
function decodeQ6_K(bytes: Uint8Array, at: number, into: Float32Array, to: number): void {
  const scale = half(bytes, at + 208);
  for (let part = 0; part < 8; part++) {
    // Parts of 32 elements: 0–3 share the first 64 nibble bytes and 32 pair bytes, 4–7 the second.
    const inHalf = part & 3;
    const nibbles = at + (part >> 2) * 64 + (inHalf & 1) * 32;
    const pairs = at + 128 + (part >> 2) * 32;
    const nibbleShift = inHalf & 2 ? 4 : 0;
    const pairShift = inHalf * 2;
    for (let group = 0; group < 2; group++) {
      const groupScale = Math.fround(scale * ((bytes[at + 192 + part * 2 + group]! << 24) >> 24));
      for (let index = group * 16; index < group * 16 + 16; index++) {
        const low = (bytes[nibbles + index]! >> nibbleShift) & 15;
        const upper = (bytes[pairs + index]! >> pairShift) & 3;
        into[to + part * 32 + index] = groupScale * ((low | (upper << 4)) - 32);
      }
    }
  }
}

/** Q4_K and Q5_K pack eight 6-bit scales and eight 6-bit minima into 12 bytes (`get_scale_min_k4` in ggml-quants.c). */
function groupScaleCode(bytes: Uint8Array, packed: number, group: number): number {
  if (group < 4) {
    return bytes[packed + group]! & 63;
  }
  return (bytes[packed + group + 4]! & 15) | ((bytes[packed + group - 4]! >> 6) << 4);
}

function groupMinimumCode(bytes: Uint8Array, packed: number, group: number): number {
  if (group < 4) {
    return bytes[packed + group + 4]! & 63;
  }
  return (bytes[packed + group + 4]! >> 4) | ((bytes[packed + group]! >> 6) << 4);
}

function half(bytes: Uint8Array, at: number): number {
  return HALF_VALUES[bytes[at]! | (bytes[at + 1]! << 8)]!;
}

const bitsView = new Int32Array(1);
const floatView = new Float32Array(bitsView.buffer);

function bitsToFloat(bits: number): number {
  bitsView[0] = bits;
  return floatView[0]!;
}
