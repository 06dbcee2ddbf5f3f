import type { RequestReport } from '../pipeline/explain/requestReport.ts';

/** Remembers the newest request's report for the explain command and the status bar. */
export class LastRequest {
  private report: RequestReport | undefined;

  get current(): RequestReport | undefined {
    return this.report;
  }

  record(report: RequestReport): void {
    this.report = report;
  }
}
