/**
 * Every message between the tuning panel's page and its host.
 *
 * Transport: `postMessage` in both directions. The page says `ready` when its script runs; the host answers with `texts`, then
 * with a `state` at each change while the panel is visible, and the page draws the last one it got. What the user does on
 * the page goes to the host as one of the other requests, and comes back as a changed state. Neither side trusts the other: what
 * does not have the form below is dropped.
 */
import type { BenchmarkSource, PanelState } from './panelState.ts';
import { BENCHMARK_SOURCES } from './panelState.ts';
import type { TuningSettings } from './tuningSettings.ts';
import { parseTuningChanges } from './tuningSettings.ts';

export const PANEL_SECTIONS = ['live', 'suggestion', 'trial', 'benchmark'] as const;
export type PanelSection = (typeof PANEL_SECTIONS)[number];

/** From the page. */
export type PanelRequest =
  | { readonly kind: 'ready' }
  | { readonly kind: 'show-request'; readonly number: number }
  | { readonly kind: 'show-step'; readonly step: number }
  /** Only what changes, so that a quick second change does not take back the first. */
  | { readonly kind: 'set-trial'; readonly changes: Partial<TuningSettings> }
  | { readonly kind: 'trial-start' }
  | { readonly kind: 'trial-cancel' }
  | { readonly kind: 'trial-apply' }
  | { readonly kind: 'set-benchmark'; readonly source: BenchmarkSource }
  | { readonly kind: 'benchmark-start' }
  | { readonly kind: 'benchmark-cancel' }
  | { readonly kind: 'benchmark-apply' }
  | { readonly kind: 'open-settings' };

/** From the host. */
export type PanelUpdate =
  /** Sentences in the user's language, by the English ones. */
  | { readonly kind: 'texts'; readonly texts: Readonly<Record<string, string>> }
  | { readonly kind: 'state'; readonly state: PanelState }
  | { readonly kind: 'go-to'; readonly section: PanelSection };

const PLAIN_REQUESTS: readonly string[] = [
  'ready',
  'trial-start',
  'trial-cancel',
  'trial-apply',
  'benchmark-start',
  'benchmark-cancel',
  'benchmark-apply',
  'open-settings',
] satisfies readonly PanelRequest['kind'][];

export function parsePanelRequest(message: unknown): PanelRequest | undefined {
  if (!isRecord(message) || typeof message.kind !== 'string') {
    return undefined;
  }
  const { kind } = message;
  if (PLAIN_REQUESTS.includes(kind)) {
    return { kind } as PanelRequest;
  }
  switch (kind) {
    case 'show-request':
      return isCount(message.number) ? { kind, number: message.number } : undefined;
    case 'show-step':
      return isCount(message.step) ? { kind, step: message.step } : undefined;
    case 'set-trial': {
      const changes = parseTuningChanges(message.changes);
      return changes === undefined ? undefined : { kind, changes };
    }
    case 'set-benchmark': {
      const source = BENCHMARK_SOURCES.find((name) => name === message.source);
      return source === undefined ? undefined : { kind, source };
    }
    default:
      return undefined;
  }
}

const STATE_PARTS = ['engine', 'settings', 'live', 'trial', 'benchmark'] satisfies readonly (keyof PanelState)[];

/** The host's message, checked by its outline: its parts are the host's own. */
export function parsePanelUpdate(message: unknown): PanelUpdate | undefined {
  if (!isRecord(message)) {
    return undefined;
  }
  switch (message.kind) {
    case 'texts':
      return isRecord(message.texts) && Object.values(message.texts).every((text) => typeof text === 'string')
        ? (message as unknown as PanelUpdate)
        : undefined;
    case 'state': {
      const { state } = message;
      const isWhole =
        isRecord(state) && STATE_PARTS.every((part) => isRecord(state[part])) && Array.isArray(state.requests);
      return isWhole ? (message as unknown as PanelUpdate) : undefined;
    }
    case 'go-to':
      return PANEL_SECTIONS.some((section) => section === message.section)
        ? (message as unknown as PanelUpdate)
        : undefined;
    default:
      return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
