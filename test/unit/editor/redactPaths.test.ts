import assert from 'node:assert/strict';
import { redactPaths } from '../../../src/editor/surface/redactPaths.ts';

describe('redactPaths', () => {
  for (const [message, redacted] of [
    ['there is no model package in /home/ann/models', 'there is no model package in <path>'],
    ['/home/ann/m/manifest.json cannot be used: shape is missing', '<path> cannot be used: shape is missing'],
    ['"/home/ann/My Models/x.bin" has 5 bytes', '"<path>" has 5 bytes'],
    ['/home/ann/My Secret Models/x.bin has 5 bytes', '<path> has 5 bytes'],
    ['C:\\Users\\Ann Smith\\m.bin is damaged', '<path> is damaged'],
    ['d:/models/m.bin is damaged', '<path> is damaged'],
    ['\\\\server\\share\\m.bin is damaged', '<path> is damaged'],
    ['open ~/models/m.bin failed', 'open <path> failed'],
    ['file:///home/ann/m.bin is damaged', '<path> is damaged'],
    ['http://127.0.0.1:9/x refused', '<path> refused'],
    ['(/root/a.bin)', '(<path>'],
    ['took 3/4 of the time, and/or less', 'took 3/4 of the time, and/or less'],
    ['the device "webgpu" is not there', 'the device "webgpu" is not there'],
  ] as const) {
    it(`makes ${JSON.stringify(redacted)} of ${JSON.stringify(message)}`, () => {
      assert.equal(redactPaths(message), redacted);
    });
  }

  it('takes known folders out wherever they stand, the longest first', () => {
    const known = ['/srv/My Work', '/srv/My Work, new', 'C:\\My Work'];
    assert.equal(redactPaths('in /srv/My Work, new it failed', known), 'in <path> it failed');
    assert.equal(redactPaths('in C:\\My Work it failed', known), 'in <path> it failed');
  });
});
