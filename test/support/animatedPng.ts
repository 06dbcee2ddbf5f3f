import { crc32 } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export interface Frame {
  /** A PNG; all frames have the same size and kind of colour. */
  readonly png: Buffer;
  readonly ms: number;
}

/**
 * One animated PNG of several, which plays for ever: the frames' own compressed data under other chunk names
 * (https://www.w3.org/TR/png-3/#apng-frame-based-animation).
 */
export function animatedPng(frames: readonly Frame[]): Buffer {
  const header = chunksOf(frames[0]!.png).find(({ type }) => type === 'IHDR')!.data;
  let sequence = 0;
  const body = frames.flatMap(({ png, ms }, index) => {
    const chunks = chunksOf(png);
    if (!chunks.find(({ type }) => type === 'IHDR')!.data.equals(header)) {
      throw new Error(`frame ${index} differs from the first in size or colour`);
    }
    const pixels = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data);
    const control = chunk(
      'fcTL',
      Buffer.concat([numbers(sequence++), header.subarray(0, 8), numbers(0, 0), timing(ms)]),
    );
    const images =
      index === 0
        ? pixels.map((data) => chunk('IDAT', data))
        : pixels.map((data) => chunk('fdAT', Buffer.concat([numbers(sequence++), data])));
    return [control, ...images];
  });
  const animation = chunk('acTL', numbers(frames.length, 0));
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), animation, ...body, chunk('IEND', Buffer.alloc(0))]);
}

/** Delay in thousandths of a second, then: leave the frame in place and replace it by the next. */
function timing(ms: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(ms, 0);
  bytes.writeUInt16BE(1000, 2);
  return bytes;
}

function chunksOf(png: Buffer): readonly { readonly type: string; readonly data: Buffer }[] {
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([numbers(data.length), content, numbers(crc32(content))]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) {
    bytes.writeUInt32BE(value, 4 * index);
  }
  return bytes;
}
