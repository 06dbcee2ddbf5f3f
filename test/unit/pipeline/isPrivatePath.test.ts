import assert from 'node:assert/strict';
import { isPrivatePath } from '../../../src/pipeline/context/isPrivatePath.ts';

describe('isPrivatePath', () => {
  for (const path of [
    '/a/.env',
    '/a/.env.local',
    'C:\\a\\server.PEM',
    '/home/x/.ssh/config',
    '/a/id_rsa',
    '/a/secrets.yaml',
    '/h/.aws/credentials',
    '/a/.npmrc',
  ]) {
    it(`leaves out ${path}`, () => {
      assert.ok(isPrivatePath(path));
    });
  }
  for (const path of [
    '/a/env.ts',
    '/a/environment.py',
    '/a/keyboard.ts',
    '/a/secretsManager.ts',
    '/a/docker/file.go',
    '',
  ]) {
    it(`lets ${path === '' ? 'a document without a path' : path} pass`, () => {
      assert.ok(!isPrivatePath(path));
    });
  }
});
