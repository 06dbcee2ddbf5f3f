import { isPermissive } from '../licence/spdx.ts';

const HEAD_CHARACTERS = 4000;

const COPYLEFT =
  /gnu\s+(lesser\s+|library\s+|affero\s+)?general\s+public\s+licen[cs]e|\b[LA]?GPL(v|-)?\s?[23]|mozilla\s+public\s+licen[cs]e|eclipse\s+public\s+licen[cs]e|common\s+development\s+and\s+distribution|cc[- ]by[- ](nc|sa)|creativecommons\.org\/licenses\/by-(nc|sa)|proprietary\s+and\s+confidential/i;

/** Dual licences that leave a permissive choice name it beside the other. */
const PERMISSIVE_BESIDE = /\bMIT\b|\bBSD\b|apache\s+licen[cs]e|apache-2\.0/i;

const SPDX_LINE = /SPDX-License-Identifier:\s*([^\n*]+)/;

/** Whether a file's own header states a licence other than a permissive one, whatever its package says. */
export function isForeignLicence(text: string): boolean {
  const head = text.slice(0, HEAD_CHARACTERS).replaceAll(/\s*\n[\s*#/;-]*/g, '\n');
  const stated = SPDX_LINE.exec(head)?.[1]
    ?.replace(/(-->|"|').*$/, '')
    .trim();
  if (stated !== undefined && /^[\w.\-+() ]+$/.test(stated)) {
    return !isPermissive(stated);
  }
  return COPYLEFT.test(head) && !PERMISSIVE_BESIDE.test(head);
}
