/**
 * UTF-8 without `TextDecoder`, which the pure library lacks.
 *
 * Bytes travel as "byte strings": one UTF-16 unit per byte, 0–255. They compare, slice and hash as plain strings, which is
 * what prefix constraints and vocabulary look-ups need.
 */

const REPLACEMENT = '\uFFFD';

/** UTF-8 bytes of a text as a byte string; a lone surrogate becomes U+FFFD. Source: RFC 3629 §3. */
export function toByteString(text: string): string {
  let bytes = '';
  for (const character of text) {
    let code = character.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) {
      code = 0xfffd;
    }
    if (code < 0x80) {
      bytes += String.fromCharCode(code);
    } else if (code < 0x800) {
      bytes += String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    } else if (code < 0x1_0000) {
      bytes += String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    } else {
      bytes += String.fromCharCode(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 0x3f),
        0x80 | ((code >> 6) & 0x3f),
        0x80 | (code & 0x3f),
      );
    }
  }
  return bytes;
}

/**
 * Turns a stream of byte strings into text, holding back a character whose bytes have not all arrived.
 *
 * Tokens of a byte-level vocabulary may end inside a character, so each request owns one decoder.
 */
export class Utf8Decoder {
  private pending = '';

  /** Text of all characters completed by these bytes; malformed sequences become U+FFFD, one per maximal subpart. */
  push(bytes: string): string {
    const input = this.pending + bytes;
    let text = '';
    let index = 0;
    while (index < input.length) {
      const step = decodeAt(input, index);
      if (step === undefined) {
        break;
      }
      text += step.character;
      index += step.length;
    }
    this.pending = input.slice(index);
    return text;
  }

  /** True while the last character is incomplete. */
  get hasPendingBytes(): boolean {
    return this.pending.length > 0;
  }
}

/** One character at `index`, or undefined when its bytes are valid so far but not all there. Source: Unicode §3.9, table 3-7. */
function decodeAt(bytes: string, index: number): { readonly character: string; readonly length: number } | undefined {
  const lead = bytes.charCodeAt(index);
  if (lead < 0x80) {
    return { character: String.fromCharCode(lead), length: 1 };
  }
  const form = leadForm(lead);
  if (form === undefined) {
    return { character: REPLACEMENT, length: 1 };
  }
  let code = form.bits;
  for (let offset = 1; offset <= form.following; offset++) {
    if (index + offset >= bytes.length) {
      return undefined;
    }
    const next = bytes.charCodeAt(index + offset);
    const low = offset === 1 ? form.secondLow : 0x80;
    const high = offset === 1 ? form.secondHigh : 0xbf;
    if (next < low || next > high) {
      return { character: REPLACEMENT, length: offset };
    }
    code = (code << 6) | (next & 0x3f);
  }
  return { character: String.fromCodePoint(code), length: form.following + 1 };
}

interface LeadForm {
  readonly following: number;
  readonly bits: number;
  readonly secondLow: number;
  readonly secondHigh: number;
}

function leadForm(lead: number): LeadForm | undefined {
  if (lead >= 0xc2 && lead <= 0xdf) {
    return { following: 1, bits: lead & 0x1f, secondLow: 0x80, secondHigh: 0xbf };
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    const secondLow = lead === 0xe0 ? 0xa0 : 0x80;
    const secondHigh = lead === 0xed ? 0x9f : 0xbf;
    return { following: 2, bits: lead & 0x0f, secondLow, secondHigh };
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const secondLow = lead === 0xf0 ? 0x90 : 0x80;
    const secondHigh = lead === 0xf4 ? 0x8f : 0xbf;
    return { following: 3, bits: lead & 0x07, secondLow, secondHigh };
  }
  return undefined;
}
