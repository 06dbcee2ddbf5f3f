/** Where a glob of the settings is looked for: in whole paths, or in those below the document's workspace folder. */
export interface ResolvedGlob {
  readonly pattern: string;
  readonly isInFolder: boolean;
}

/**
 * What a glob as people write it stands for: a name without a folder is meant anywhere, a trailing slash means all that is in
 * the folder, and anything else starts at the workspace folder unless it starts with a slash, a drive or `**`.
 */
export function resolveGlob(glob: string): ResolvedGlob {
  const whole = glob.endsWith('/') ? `${glob}**` : glob;
  if (/^(\/|[A-Za-z]:|\*\*)/.test(whole)) {
    return { pattern: whole, isInFolder: false };
  }
  return whole.includes('/')
    ? { pattern: whole.replace(/^\.\//, ''), isInFolder: true }
    : { pattern: `**/${whole}`, isInFolder: false };
}
