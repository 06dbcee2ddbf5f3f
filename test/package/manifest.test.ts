import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '../../src/settings/settings.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly icon: string;
  readonly engines: { readonly vscode: string };
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly configuration: { readonly properties: Readonly<Record<string, Property>> };
    readonly commands: readonly { readonly command: string; readonly category: string; readonly title: string }[];
    readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] };
    readonly keybindings?: unknown;
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly WalkthroughStep[] }[];
  };
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
}

interface Property {
  readonly default: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly scope: string;
  readonly markdownDescription: string;
}

interface WalkthroughStep {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly media: { readonly svg: string; readonly altText: string };
  readonly completionEvents: readonly string[];
}

describe('manifest', () => {
  const manifest = JSON.parse(read('package.json')) as Manifest;
  const { properties } = manifest.contributes.configuration;
  const steps = manifest.contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
  const completionEvents = steps.flatMap((step) => step.completionEvents);

  it('declares the settings of the code, with the same defaults, ranges and choices', () => {
    const declared = Object.entries(properties).map(([key, property]) => [
      key,
      property.default,
      property.enum ?? null,
      property.minimum === undefined ? null : [property.minimum, property.maximum],
    ]);
    const inCode = Object.values(SETTINGS).map((setting) => [
      `foretoken.${setting.key}`,
      setting.default,
      'choices' in setting && setting.choices !== undefined ? [...setting.choices] : null,
      'range' in setting && setting.range !== undefined ? [...setting.range] : null,
    ]);
    assert.deepEqual(declared.sort(), inCode.sort());
  });

  it('lets no workspace that is not trusted choose models, devices or memory', () => {
    const machineScoped = Object.entries(properties).filter(([, { scope }]) => scope === 'machine');
    const restricted = new Set(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations);
    assert.ok(machineScoped.length >= 5);
    assert.deepEqual(
      machineScoped.map(([key]) => key).filter((key) => !restricted.has(key)),
      [],
    );
  });

  it('declares the commands that the code registers, all of one category, and no keys', () => {
    const inCode = [...read('src/editor/commands.ts').matchAll(/^ {2}'(foretoken\.\w+)':/gm)].map((match) => match[1]!);
    const declared = manifest.contributes.commands.map(({ command }) => command);
    assert.ok(inCode.length > 0);
    assert.deepEqual([...declared].sort(), [...inCode].sort());
    assert.deepEqual([...new Set(manifest.contributes.commands.map(({ category }) => category))], ['Foretoken']);
    assert.equal(manifest.contributes.keybindings, undefined);
  });

  it('has every command run by a host test', () => {
    const folder = new URL('../host/', import.meta.url);
    const tests = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
    const code = tests.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n');
    const commands = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual(
      // A click on the status item shows the menu.
      commands.filter((command) => !code.includes(command === 'foretoken.showMenu' ? 'clickStatus()' : `'${command}'`)),
      [],
    );
  });

  it('limits commands of its own only, by facts that the extension or VS Code keeps', () => {
    const palette = manifest.contributes.menus.commandPalette;
    const commands = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual(
      palette.map(({ command }) => command).filter((command) => !commands.includes(command)),
      [],
    );
    const facts = new Set(
      [...read('src/editor/contextKeys.ts').matchAll(/readonly (\w+): boolean;/g)].map(([, name]) => name),
    );
    const conditions = [
      ...palette.map(({ when }) => when),
      ...completionEvents.filter((event) => event.startsWith('onContext:')),
    ];
    const asked = conditions.flatMap((condition) =>
      [...condition.matchAll(/(?<!config\.)\bforetoken\.(\w+)/g)].map(([, name]) => name),
    );
    assert.deepEqual([...new Set(asked)].sort(), [...facts].sort());
    const settings = palette.flatMap(({ when }) => [...when.matchAll(/config\.([\w.]+)/g)].map(([, name]) => name!));
    assert.deepEqual(
      settings.filter((name) => !(name in properties)),
      [],
    );
  });

  it('has a walkthrough of four steps, each with a picture and with events that exist', () => {
    assert.deepEqual(
      steps.map(({ id }) => id),
      ['see', 'accept', 'tune', 'privacy'],
    );
    const commands = manifest.contributes.commands.map(({ command }) => command);
    const texts = JSON.parse(read('package.nls.json')) as Record<string, string>;
    for (const { id, description, media, completionEvents: events } of steps) {
      assert.match(read(media.svg), /^<svg /, id);
      // The page that shows it allows no styles of its own.
      assert.doesNotMatch(read(media.svg), /<style|style=|class=/, id);
      assert.doesNotMatch(
        read(media.svg),
        /(fill|stroke)(:\s*|=")(?!var\(|none)[#\w]/,
        `${id} has a colour of its own`,
      );
      assert.ok(media.altText.startsWith('%walkthrough.'), id);
      const linked = [...texts[description.slice(1, -1)]!.matchAll(/command:([\w.]+)/g)].map(([, command]) => command!);
      const awaited = events.flatMap((event) => /^onCommand:(.+)$/.exec(event)?.[1] ?? []);
      const changed = events.flatMap((event) => /^onSettingChanged:(.+)$/.exec(event)?.[1] ?? []);
      const ours = [...linked, ...awaited].filter((command) => command.startsWith('foretoken.'));
      assert.deepEqual(
        [ours.filter((command) => !commands.includes(command)), changed.filter((key) => !(key in properties))],
        [[], []],
      );
      assert.ok(events.length > 0, id);
    }
    assert.match(
      read('src/editor/walkthroughCommands.ts'),
      new RegExp(`'${manifest.contributes.walkthroughs[0]!.id}'`),
    );
  });

  it('asks for no newer editor API than it says it runs on', () => {
    assert.equal(`^${manifest.devDependencies['@types/vscode']}`, manifest.engines.vscode);
  });

  it('names an icon that is there and activates after start-up only', () => {
    assert.ok(existsSync(fileURLToPath(new URL(`../../${manifest.icon}`, import.meta.url))));
    assert.deepEqual(manifest.activationEvents, ['onStartupFinished']);
  });
});
