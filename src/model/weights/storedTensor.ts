/** A tensor that the graph refers to: in the graph file itself, or a range of a weight file beside it. */
export interface StoredTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly dimensions: readonly number[];
  readonly data:
    | { readonly kind: 'inline'; readonly bytes: Uint8Array }
    | { readonly kind: 'external'; readonly file: string; readonly offset: number; readonly bytes: number };
}

export type TensorType = 'float32' | 'float16' | 'uint8' | 'int8' | 'int32' | 'int64';
