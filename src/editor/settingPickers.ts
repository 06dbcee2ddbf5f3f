/** The commands that change one setting by choosing from a list. */
import * as vscode from 'vscode';
import type { LoadedModelInfo } from '../inference/protocol.ts';
import { cacheDirectory } from '../model/cacheDirectory.ts';
import { chooseQuantization } from '../model/chooseQuantization.ts';
import type { CommandParts } from './commandParts.ts';
import { pickOne } from './pickOne.ts';
import { acceptanceChoices, parseThreshold } from './surface/acceptanceChoices.ts';
import { deviceChoices } from './surface/deviceChoices.ts';
import { draftMethodChoices } from './surface/draftMethodChoices.ts';
import { modelChoices } from './surface/modelChoices.ts';
import { readModelShelf } from './surface/readModelShelf.ts';
import { translate } from './translate.ts';

export async function chooseDraftMethod({ settings, engine }: CommandParts): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const { draftMethod } = settings.read(document);
  const picked = await pickOne(draftMethodChoices(draftMethod, loadedModel(engine), translate), {
    title: translate('Foretoken: draft method'),
    placeholder: translate('How the next tokens are guessed ahead; only the speed differs'),
  });
  if (picked !== undefined) {
    await settings.write({ draftMethod: picked }, document);
  }
}

export async function chooseAcceptance({ settings }: CommandParts): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const current = settings.read(document);
  const picked = await pickOne(acceptanceChoices(current, translate), {
    title: translate('Foretoken: acceptance'),
    placeholder: translate('Which drafted tokens stand; typical accepts more, and the text may differ from exact'),
  });
  if (picked === undefined) {
    return;
  }
  if (picked.mode === 'exact') {
    await settings.write({ acceptanceMode: 'exact' }, document);
    return;
  }
  const threshold = picked.mode === 'other' ? await askThreshold(current.acceptanceThreshold) : picked.threshold;
  if (threshold !== undefined) {
    await settings.write({ acceptanceThreshold: threshold, acceptanceMode: 'typical' }, document);
  }
}

export async function chooseModel({ settings, extension }: CommandParts): Promise<void> {
  const current = settings.read();
  const shelf = await readModelShelf(
    extension.extensionPath,
    cacheDirectory(),
    chooseQuantization('auto', { device: current.device, architecture: process.arch }),
  );
  const picked = await pickOne(modelChoices(shelf, current, translate), {
    title: translate('Foretoken: model'),
    placeholder: translate('A larger model writes better and needs more time and memory'),
  });
  if (picked !== undefined) {
    await settings.write(picked);
  }
}

export async function chooseDevice({ settings, engine }: CommandParts): Promise<void> {
  const picked = await pickOne(deviceChoices(settings.read().device, loadedModel(engine), translate), {
    title: translate('Foretoken: device'),
    placeholder: translate('What the model runs on; a change loads it again'),
  });
  if (picked !== undefined) {
    await settings.write({ device: picked });
  }
}

async function askThreshold(current: number): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    title: translate('Foretoken: threshold of typical acceptance'),
    prompt: translate('Smaller accepts more and strays further from the exact text.'),
    value: String(current),
    validateInput: (typed) => {
      const threshold = parseThreshold(typed, translate);
      return threshold.ok ? undefined : threshold.error;
    },
  });
  const threshold = text === undefined ? undefined : parseThreshold(text, translate);
  return threshold?.ok ? threshold.value : undefined;
}

function loadedModel({ state }: CommandParts['engine']): LoadedModelInfo | undefined {
  return state.kind === 'ready' ? state.model : undefined;
}
