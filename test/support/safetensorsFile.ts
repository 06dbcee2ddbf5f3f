import { floatToHalfBits } from '../../src/model/quantize/halfFloat.ts';

export interface TensorToWrite {
  readonly name: string;
  readonly type: 'F32' | 'F16' | 'I8' | 'I32';
  readonly dimensions: readonly number[];
  readonly values: readonly number[];
}

/** A safetensors file with these tensors. */
export function safetensorsBytes(tensors: readonly TensorToWrite[]): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const { name, type, dimensions, values } of tensors) {
    const bytes = encode(type, values);
    header[name] = { dtype: type, shape: dimensions, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...parts]);
}

function encode(type: TensorToWrite['type'], values: readonly number[]): Uint8Array {
  switch (type) {
    case 'F32':
      return new Uint8Array(Float32Array.from(values).buffer);
    case 'F16':
      return new Uint8Array(Uint16Array.from(values, floatToHalfBits).buffer);
    case 'I8':
      return new Uint8Array(Int8Array.from(values).buffer);
    case 'I32':
      return new Uint8Array(Int32Array.from(values).buffer);
  }
}
