import assert from 'node:assert/strict';
import { chooseQuantization } from '../../../src/model/chooseQuantization.ts';

describe('chooseQuantization', () => {
  it('keeps what was chosen', () => {
    assert.equal(chooseQuantization('q4', { device: 'webgpu', architecture: 'x64' }), 'q4');
  });

  const automatic = [
    ['auto', 'x64', 'w8a8'],
    ['cpu', 'x64', 'w8a8'],
    ['webgpu', 'x64', 'q8'],
    ['auto', 'arm64', 'q8'],
  ] as const;
  for (const [device, architecture, expected] of automatic) {
    it(`takes ${expected} for ${device} on ${architecture}`, () => {
      assert.equal(chooseQuantization('auto', { device, architecture }), expected);
    });
  }
});
