import type { Command } from 'commander';
import { Option } from 'commander';
import type { AcceptanceMode } from '../engine/accept/acceptanceRule.ts';
import { ACCEPTANCE_MODES } from '../engine/accept/acceptanceRule.ts';
import type { DraftMethod } from '../engine/draft/drafter.ts';
import { DRAFT_METHODS } from '../engine/draft/drafter.ts';
import { SETTINGS } from '../settings/settings.ts';
import { decimalNumber, wholeNumber } from './globalOptions.ts';

/** How tokens are drafted and accepted, and how many are written; the defaults are the settings'. */
export interface DraftOptions {
  readonly acceptance: AcceptanceMode;
  readonly threshold: number;
  readonly draftMaxTokens: number;
  readonly draftTree: boolean;
  readonly maxTokens: number;
}

export interface MethodOption {
  readonly method: DraftMethod;
}

export function addMethodOption(command: Command): Command {
  const option = new Option('--method <method>', 'draft method').choices(DRAFT_METHODS);
  return command.addOption(option.default(SETTINGS.draftMethod.default));
}

export function addDraftOptions(command: Command): Command {
  const { acceptanceMode, acceptanceThreshold, draftMaxTokens, draftTree, maxTokens } = SETTINGS;
  return command
    .addOption(
      new Option('--acceptance <mode>', 'which drafted tokens stand')
        .choices(ACCEPTANCE_MODES)
        .default(acceptanceMode.default),
    )
    .option(
      '--threshold <epsilon>',
      'threshold of typical acceptance',
      decimalNumber(...acceptanceThreshold.range!),
      acceptanceThreshold.default,
    )
    .option(
      '--draft-max-tokens <count>',
      'most tokens drafted in one step',
      wholeNumber(...draftMaxTokens.range!),
      draftMaxTokens.default,
    )
    .option('--draft-tree', 'let drafts branch', draftTree.default)
    .option('--max-tokens <count>', 'most tokens per completion', wholeNumber(...maxTokens.range!), maxTokens.default);
}
