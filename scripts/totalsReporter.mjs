// Mocha reporter: the `spec` output, and the totals as JSON in the file that the option `output` names.
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

class TotalsReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = this.stats;
      writeFileSync(options.reporterOptions.output, JSON.stringify({ passed: passes, failed: failures }));
    });
  }
}

// biome-ignore lint/style/noDefaultExport: mocha loads a reporter by its default export.
export default TotalsReporter;
