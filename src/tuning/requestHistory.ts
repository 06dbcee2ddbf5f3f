import type { CompletionParameters, GeneratedText } from '../inference/protocol.ts';
import type { RequestReport } from '../pipeline/explain/requestReport.ts';
import type { RequestFigures } from './requestFigures.ts';
import { requestFigures } from './requestFigures.ts';

/** A request that the engine answered; it can be looked at and sent again. */
export interface PastRequest {
  /** Counts up over the window's life; names the request. */
  readonly number: number;
  readonly time: string;
  readonly where: RequestReport['where'];
  readonly isShown: boolean;
  readonly parameters: CompletionParameters;
  readonly generated: GeneratedText;
}

/** One event of the editor and what came of it. */
export interface PastEvent {
  readonly kind: 'suggestion' | 'continued' | 'nothing';
  /** Why nothing was shown. */
  readonly reason?: string;
  /** From the event to the answer, the delay included. */
  readonly totalMs: number;
}

/** Requests kept with their texts: enough to compare settings on, some hundred kilobytes. */
const MAX_REQUESTS = 20;
/** Requests and events kept as figures. */
const MAX_FIGURES = 200;
const MAX_EVENTS = 1000;

/** What was asked and answered lately, in memory only and gone with the window. */
export class RequestHistory {
  private readonly pastRequests: PastRequest[] = [];
  private readonly pastFigures: RequestFigures[] = [];
  private readonly pastEvents: PastEvent[] = [];
  private count = 0;

  /** Oldest first. */
  get requests(): readonly PastRequest[] {
    return this.pastRequests;
  }

  /** Of more requests than are kept themselves, oldest first. */
  get figures(): readonly RequestFigures[] {
    return this.pastFigures;
  }

  get events(): readonly PastEvent[] {
    return this.pastEvents;
  }

  /** `parameters`: what the engine was asked, if it was. */
  record(report: RequestReport, parameters?: CompletionParameters): void {
    const isGrown = report.isGrown ?? false;
    if (!isGrown) {
      keep(this.pastEvents, eventOf(report), MAX_EVENTS);
    }
    if (report.result?.kind !== 'generated' || parameters === undefined) {
      return;
    }
    const { generated } = report.result;
    if (isGrown && this.pastRequests.at(-1)?.generated.stopReason === 'first-text') {
      // The whole takes the place of its beginning, which was recorded on its own.
      this.pastRequests.pop();
      this.pastFigures.pop();
    } else {
      this.count++;
    }
    keep(this.pastFigures, requestFigures(generated), MAX_FIGURES);
    const request: PastRequest = {
      number: this.count,
      time: report.time,
      where: report.where,
      isShown: report.outcome.kind === 'suggestion',
      parameters: { ...parameters, draftTexts: this.shareTexts(parameters.draftTexts) },
      generated,
    };
    keep(this.pastRequests, request, MAX_REQUESTS);
  }

  /** Other files hardly change between two requests; equal texts are kept once. */
  private shareTexts(texts: readonly string[]): readonly string[] {
    const known = this.pastRequests.at(-1)?.parameters.draftTexts ?? [];
    return texts.map((text) => known.find((other) => other === text) ?? text);
  }
}

function eventOf({ outcome, isContinued, ms }: RequestReport): PastEvent {
  if (outcome.kind === 'no-suggestion') {
    return { kind: 'nothing', reason: outcome.reason, totalMs: ms.total };
  }
  return { kind: isContinued ? 'continued' : 'suggestion', totalMs: ms.total };
}

function keep<T>(list: T[], item: T, limit: number): void {
  list.push(item);
  if (list.length > limit) {
    list.shift();
  }
}
