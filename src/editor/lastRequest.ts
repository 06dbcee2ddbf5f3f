import type { RequestReport } from '../pipeline/explain/requestReport.ts';

/** Remembers the newest request's report for the explain command and the status bar. */
export class LastRequest {
  private report: RequestReport | undefined;
  private suggested: RequestReport | undefined;

  get current(): RequestReport | undefined {
    return this.report;
  }

  /** The suggestion that was there before a newest request that showed nothing: right after an accept, what was accepted. */
  get suggestionBefore(): RequestReport | undefined {
    return this.report === this.suggested ? undefined : this.suggested;
  }

  record(report: RequestReport): void {
    this.report = report;
    if (report.outcome.kind === 'suggestion') {
      this.suggested = report;
    }
  }
}
