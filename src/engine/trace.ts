/** What happened to every token of a completion, for people who want to see it; made only when it is asked for. */
import { Utf8Decoder } from '../base/utf8.ts';
import type { DecodeStep } from './decode.ts';
import type { DraftSource, DraftTree } from './draft/draftTree.ts';
import type { RowScores } from './targetModel.ts';
import { knownLogProbability } from './targetModel.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';
import type { DecodedToken } from './writtenText.ts';

/** A drafted token, verified or not. */
export interface TracedNode {
  /** Empty for a token that ends the text; a character that is not whole is U+FFFD. */
  readonly text: string;
  /** Index of the node it follows in the same list, or -1 for the last known token. Parents come first. */
  readonly parent: number;
  readonly source: DraftSource;
  /** The drafter's estimate that the target model writes it, given that it wrote the parent. */
  readonly chance: number;
  /** Whether it was part of the forward; what is not worth its row is drafted and dropped. */
  readonly isVerified: boolean;
  readonly isAccepted: boolean;
  /** The target model's probability, 0–1, where the forward gave it. */
  readonly probability?: number;
}

/**
 * Who wrote a token: a drafter whose guess stood, the target model, or the target model under the constraint that the word
 * at the cursor is written again as it was typed (`healed`).
 */
export type TokenOrigin = DraftSource | 'model' | 'healed';

/** A written token; the texts of all of them in order are the whole text, what was typed of a healed word included. */
export interface TracedToken {
  readonly text: string;
  readonly origin: TokenOrigin;
  /** The target model's own probability, 0–1; of a healed token among those that the typed word allows. */
  readonly probability: number;
}

/**
 * The first step is the prefill, which writes one token, or takes over what an overtaken request wrote; there is none where the prompt was
 * in the cache. Each of the others is one forward.
 */
export interface TracedStep {
  readonly nodes: readonly TracedNode[];
  readonly tokens: readonly TracedToken[];
  /** The token after `tokens` ended the text; it is not among them. */
  readonly isEnd: boolean;
  readonly draftMs: number;
  /** Of the forward, or of all of them in a prefill. */
  readonly forwardMs: number;
}

export interface GenerationTrace {
  readonly steps: readonly TracedStep[];
  /** Characters at the start of the tokens' texts that were there before: the typed part of a healed word. */
  readonly typedChars: number;
}

/** Gathers the trace of one request, step by step. */
export class TraceRecorder {
  private readonly steps: TracedStep[] = [];
  private readonly tokenizer: Tokenizer;
  private readonly decoder = new Utf8Decoder();
  private readonly typedChars: number;

  constructor(tokenizer: Tokenizer, typedChars: number) {
    this.tokenizer = tokenizer;
    this.typedChars = typedChars;
  }

  /** To be called before the next step is asked for: a step's scores do not outlive it. */
  push(step: DecodeStep): void {
    if (step.kind === 'prefill') {
      if (step.tokens.length === 0 && !step.isEnd) {
        return;
      }
      const origin = (index: number): TokenOrigin => (index < step.maskedTokens ? 'healed' : 'model');
      const tokens = step.tokens.map((token, index) => this.trace(token, origin(index)));
      this.steps.push({ nodes: [], tokens, isEnd: step.isEnd, draftMs: 0, forwardMs: step.ms });
      return;
    }
    const origins: TokenOrigin[] = step.nodes.filter((node) => node.isAccepted).map((node) => node.source);
    this.steps.push({
      nodes: this.traceNodes(step),
      tokens: step.tokens.map((token, index) =>
        this.trace(token, origins[index] ?? (index < step.maskedTokens ? 'healed' : 'model')),
      ),
      isEnd: step.tokens.length <= step.accepted,
      draftMs: step.draftMs,
      forwardMs: step.verifyMs,
    });
  }

  finish(): GenerationTrace {
    return { steps: this.steps, typedChars: this.typedChars };
  }

  private trace({ id, logProbability }: DecodedToken, origin: TokenOrigin): TracedToken {
    return {
      text: this.decoder.push(this.tokenizer.bytesOf(id)),
      origin,
      probability: Math.exp(logProbability),
    };
  }

  private traceNodes({ proposed, nodes, scores }: Extract<DecodeStep, { kind: 'decode' }>): readonly TracedNode[] {
    const verifiedIndex = placesInVerified(proposed, nodes);
    return proposed.map(({ token, parent, source, chance }, index) => {
      const place = verifiedIndex[index];
      const probability = place === undefined ? undefined : probabilityOf(nodes[place]!, scores);
      return {
        text: textOf(this.tokenizer.bytesOf(token)),
        parent,
        source,
        chance,
        isVerified: place !== undefined,
        isAccepted: place !== undefined && nodes[place]!.isAccepted,
        ...(probability === undefined ? {} : { probability }),
      };
    });
  }
}

/** Where each proposed node stands in what was verified; children of one node have different tokens, so a path names a node. */
function placesInVerified(proposed: DraftTree, verified: DraftTree): readonly (number | undefined)[] {
  const byPath = new Map(verified.map(({ parent, token }, index) => [`${parent} ${token}`, index]));
  const places: (number | undefined)[] = [];
  for (const { parent, token } of proposed) {
    const parentPlace = parent === -1 ? -1 : places[parent];
    places.push(parentPlace === undefined ? undefined : byPath.get(`${parentPlace} ${token}`));
  }
  return places;
}

function probabilityOf(
  { parent, token }: { readonly parent: number; readonly token: number },
  scores: readonly RowScores[],
): number | undefined {
  const logProbability = knownLogProbability(scores[parent + 1]!, token);
  return logProbability === undefined ? undefined : Math.exp(logProbability);
}

function textOf(bytes: string): string {
  const decoder = new Utf8Decoder();
  const text = decoder.push(bytes);
  return decoder.hasPendingBytes ? `${text}\uFFFD` : text;
}
