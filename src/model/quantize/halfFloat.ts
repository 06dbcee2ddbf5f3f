/** Conversion between float32 and IEEE 754 half precision; Node 20 has no `Float16Array`. */

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** The bits of the half nearest to `value`, ties to even; too large becomes infinity, NaN stays NaN. */
export function floatToHalfBits(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  // 0x477ff000 = 65520, the smallest magnitude that rounds to infinity.
  if (magnitude >= 0x477f_f000) {
    return magnitude > 0x7f80_0000 ? sign | 0x7e00 : sign | 0x7c00;
  }
  // 0x38800000 = 2^-14, the smallest normal half: rebias the exponent by 112 and round 13 bits away.
  if (magnitude >= 0x3880_0000) {
    return sign | ((magnitude - 0x3800_0000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  // Subnormal halves are multiples of 2^-24, and adding 0.5 places exactly that unit in the last bit of a float32.
  bitsView[0] = magnitude;
  floatView[0] = floatView[0]! + 0.5;
  return sign | (bitsView[0]! - 0x3f00_0000);
}

/** The value of each of the 65,536 halves, by its bits. */
export const HALF_VALUES: Float32Array = Float32Array.from({ length: 65_536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) {
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
});
