/** What paths and addresses are replaced by. */
const MARK = '<path>';

/** The start of a path or address: `scheme://`, `C:\`, `\\server`, `~/`, or a slash that no letter or digit stands before. */
const START = /(?:\b[a-z][a-z0-9+.-]*:\/\/|\b[A-Za-z]:[\\/]|\\\\|(?<![\w.)\]])~?\/)/.source;
/**
 * From there up to the end of the last word of the line that holds a separator: names with blanks in them go too. A quote ends
 * the path before.
 */
const PATH = new RegExp(`${START}(?:[^\\n"'\`]*[\\\\/])?[^\\s"'\`:;,]*`, 'g');

/**
 * Takes everything that names a file or an address out of a message, so that it can be shown to strangers.
 *
 * `known` are folders and other texts to take out wherever they stand, such as the user's home folder. More may go than had
 * to; a message is never worth a name.
 */
export function redactPaths(message: string, known: readonly string[] = []): string {
  const longestFirst = known.filter((text) => text.length > 1).sort((left, right) => right.length - left.length);
  const withoutKnown = longestFirst.reduce((text, secret) => text.replaceAll(secret, '/'), message);
  return withoutKnown.replaceAll(PATH, MARK);
}
