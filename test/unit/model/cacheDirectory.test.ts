import assert from 'node:assert/strict';
import { cacheDirectory, downloadDirectory, packageDirectory } from '../../../src/model/cacheDirectory.ts';

describe('cacheDirectory', () => {
  const cases: readonly [string, NodeJS.Platform, NodeJS.ProcessEnv, string][] = [
    ['the XDG folder', 'linux', { HOME: '/home/u', XDG_CACHE_HOME: '/fast/cache' }, '/fast/cache/foretoken'],
    ['the XDG folder also on macOS', 'darwin', { HOME: '/Users/u', XDG_CACHE_HOME: '/fast' }, '/fast/foretoken'],
    ['the default for a relative XDG folder', 'linux', { HOME: '/h', XDG_CACHE_HOME: 'x' }, '/h/.cache/foretoken'],
    ['the default for an empty XDG folder', 'linux', { HOME: '/h', XDG_CACHE_HOME: '' }, '/h/.cache/foretoken'],
    ['the macOS cache', 'darwin', { HOME: '/Users/u' }, '/Users/u/Library/Caches/foretoken'],
    ['the Windows local data', 'win32', { LOCALAPPDATA: 'D:\\Local' }, 'D:\\Local\\foretoken\\Cache'],
    ['the Windows profile', 'win32', { USERPROFILE: 'C:\\Users\\u' }, 'C:\\Users\\u\\AppData\\Local\\foretoken\\Cache'],
  ];
  for (const [title, platform, environment, expected] of cases) {
    it(`is ${title}`, () => {
      assert.equal(cacheDirectory(environment, platform), expected);
    });
  }

  it('keeps downloads and packages apart', () => {
    assert.match(packageDirectory('tiny', 'q8', '/c'), /^\/c[/\\]packages[/\\]tiny-q8$/);
    assert.match(downloadDirectory('/c'), /^\/c[/\\]downloads$/);
  });
});
