/** Key material and long encoded blobs. A file with one is left out whole: cutting it out would leave broken code. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  /\b(AKIA|ASIA)[0-9A-Z]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{36}/,
  /\bgithub_pat_[A-Za-z0-9_]{50}/,
  /\bglpat-[A-Za-z0-9_-]{20}/,
  /\bnpm_[A-Za-z0-9]{36}/,
  /\bpypi-[A-Za-z0-9_-]{50}/,
  /\bxox[abprs]-[A-Za-z0-9-]{20}/,
  /\b[sr]k_live_[A-Za-z0-9]{20}/,
  /\bsk-[A-Za-z0-9-]*[A-Za-z0-9]{32}/,
  /\bAIza[0-9A-Za-z_-]{35}/,
  /\bSG\.[\w-]{20,}\.[\w-]{40,}/,
  /\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{15,}/,
];

const LONG_HEX = /\b(0x)?[0-9a-f]{128,}\b/i;
const LONG_BASE64 = /[A-Za-z0-9+/_-]{160,}={0,2}/g;

/** Whether a text holds what looks like a credential, a private key, or a long base64 or hexadecimal literal. */
export function hasSecret(text: string): boolean {
  return SECRETS.some((pattern) => pattern.test(text)) || LONG_HEX.test(text) || hasLongBase64(text);
}

/** Rules of dashes or underscores and long names are not blobs: those mix both cases and digits. */
function hasLongBase64(text: string): boolean {
  return (text.match(LONG_BASE64) ?? []).some((run) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run));
}
