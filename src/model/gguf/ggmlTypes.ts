/**
 * The tensor types of GGML, as the tensor table of a GGUF file numbers them (ggml.h, `enum ggml_type`). Types without
 * `blockElements` are known by name only, so that a refusal can say what was found.
 */

export type GgmlTypeName =
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'Q4_0'
  | 'Q4_1'
  | 'Q5_0'
  | 'Q5_1'
  | 'Q8_0'
  | 'Q4_K'
  | 'Q5_K'
  | 'Q6_K';

export interface GgmlType {
  readonly name: GgmlTypeName;
  /** Elements that are stored together; a row is a whole number of blocks. */
  readonly blockElements: number;
  readonly blockBytes: number;
}

const READABLE_TYPES: ReadonlyMap<number, GgmlType> = new Map([
  [0, { name: 'F32', blockElements: 1, blockBytes: 4 }],
  [1, { name: 'F16', blockElements: 1, blockBytes: 2 }],
  [2, { name: 'Q4_0', blockElements: 32, blockBytes: 18 }],
  [3, { name: 'Q4_1', blockElements: 32, blockBytes: 20 }],
  [6, { name: 'Q5_0', blockElements: 32, blockBytes: 22 }],
  [7, { name: 'Q5_1', blockElements: 32, blockBytes: 24 }],
  [8, { name: 'Q8_0', blockElements: 32, blockBytes: 34 }],
  [12, { name: 'Q4_K', blockElements: 256, blockBytes: 144 }],
  [13, { name: 'Q5_K', blockElements: 256, blockBytes: 176 }],
  [14, { name: 'Q6_K', blockElements: 256, blockBytes: 210 }],
  [30, { name: 'BF16', blockElements: 1, blockBytes: 2 }],
]);

const OTHER_TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [9, 'Q8_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K'],
  [15, 'Q8_K'],
  [16, 'IQ2_XXS'],
  [17, 'IQ2_XS'],
  [18, 'IQ3_XXS'],
  [19, 'IQ1_S'],
  [20, 'IQ4_NL'],
  [21, 'IQ3_S'],
  [22, 'IQ2_S'],
  [23, 'IQ4_XS'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [29, 'IQ1_M'],
  [34, 'TQ1_0'],
  [35, 'TQ2_0'],
  [39, 'MXFP4'],
]);

export function ggmlType(id: number): GgmlType | undefined {
  return READABLE_TYPES.get(id);
}

/** The type's name for a message; unknown numbers are shown as they are. */
export function ggmlTypeLabel(id: number): string {
  return READABLE_TYPES.get(id)?.name ?? OTHER_TYPE_NAMES.get(id) ?? `type ${id}`;
}

export const READABLE_TYPE_NAMES: readonly string[] = [...READABLE_TYPES.values()].map((type) => type.name);
