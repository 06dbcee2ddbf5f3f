/** Not the user and password of an address such as `scheme://user:password@host`. */
const EMAIL = /(?<![\w.+/@-])(?<!:\/\/[^\s"'<>]*)[\w.+-]+@(?!\d+\.\d+(\.\d+)?\b)[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}\b/g;
const HARMLESS = /@(.+\.)?example\.(com|org|net)$|^git@|\.(png|jpe?g|svg|js|ts|css|py|md|json)$/i;

/** Replaces e-mail addresses with one of the reserved example domain; addresses of such domains stay. */
export function scrubEmails(text: string): string {
  return !text.includes('@')
    ? text
    : text.replace(EMAIL, (address) => (HARMLESS.test(address) ? address : 'name@example.com'));
}
