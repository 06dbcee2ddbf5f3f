import assert from 'node:assert/strict';
import { panelPage } from '../../../src/editor/surface/panelPage.ts';

const PARTS = {
  script: 'https://host/panel.js',
  style: 'https://host/panel.css',
  resourceOrigin: 'https://host',
  nonce: 'abc123',
  language: 'de',
  title: 'Tuning',
};

describe('panelPage', () => {
  it('allows one script by its nonce, style sheets of the extension, and nothing else', () => {
    const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(panelPage(PARTS))!;
    assert.equal(policy, "default-src 'none'; style-src https://host; script-src 'nonce-abc123'");
  });

  it('has no script, style or handler of its own text', () => {
    const page = panelPage(PARTS);
    assert.deepEqual(
      [...page.matchAll(/<script[^>]*>[^<]*/g)].map(([tag]) => tag),
      ['<script nonce="abc123" src="https://host/panel.js">'],
    );
    assert.doesNotMatch(page, /<style| style=| on\w+=/);
  });

  it('keeps what it is given inside its place', () => {
    const page = panelPage({ ...PARTS, title: '</title><script>"&', language: '"><script>' });
    assert.ok(page.includes('<title>&lt;/title&gt;&lt;script&gt;&quot;&amp;</title>'));
    assert.equal(page.match(/<script/g)?.length, 1);
  });
});
