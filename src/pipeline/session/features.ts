/** Parts of the session that a measurement can do without, to see what each is worth; the editor has all of them. */
export const FEATURES = [
  'history',
  'warm',
  'next',
  'window',
  'move',
  'context',
  'rhythm',
  'deadline',
  'quietness',
  'syntax',
] as const;
export type Feature = (typeof FEATURES)[number];
