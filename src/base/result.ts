/** An expected outcome: either a value or the reason there is none. Exceptions are kept for bugs and the outside world. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function err<E>(error: E): Result<never, E> {
  return { ok: false, error };
}

/** Ends an exhaustive switch: reached only when a union grew and the switch did not. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}
