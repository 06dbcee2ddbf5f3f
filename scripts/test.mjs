// Runs test suites and sums them up: `node scripts/test.mjs unit model host package`, each over test/<suite>/**/*.test.ts.
// The last line is `N passed, N failed` over all of them, the status 0 only when nothing failed. A suite that has no tests,
// or that dies before it has counted them, is a failure. Totals are also left in out/test-totals.json.
//
// CI_SUM=<file>: the run is one of several; its totals are added to the file's, and only the run that CI_SUM_LAST=1 marks
// closes with the line.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { note, root, runScript, SetUpError, setUpBundles, setUpDependencies, setUpModel } from './setUp.mjs';

const SUITES = ['unit', 'model', 'host', 'package'];
/** Suites that load the default model's package. */
const SUITES_WITH_MODEL = ['model', 'host', 'package'];
const OUT = join(root, 'out');

await runScript(async () => {
  const suites = process.argv.slice(2);
  if (suites.length === 0 || suites.some((suite) => !SUITES.includes(suite))) {
    throw new SetUpError(`name one or more of the suites ${SUITES.join(', ')}`);
  }
  mkdirSync(OUT, { recursive: true });
  const totals = { passed: 0, failed: 0 };
  if (await setUp(suites)) {
    for (const suite of suites) {
      add(totals, await runSuite(suite));
    }
  } else {
    totals.failed = suites.length;
  }
  report(totals);
});

/** False, with a sentence, when the suites cannot run at all. */
async function setUp(suites) {
  try {
    await setUpDependencies();
    await setUpBundles();
    if (suites.some((suite) => SUITES_WITH_MODEL.includes(suite))) {
      await setUpModel();
    }
    return true;
  } catch (error) {
    if (!(error instanceof SetUpError)) {
      throw error;
    }
    note(error.message);
    return false;
  }
}

/** Runs mocha over one suite, its output on this terminal. */
async function runSuite(suite) {
  note(`suite ${suite}`);
  const totalsFile = join(OUT, `test-totals-${suite}.json`);
  rmSync(totalsFile, { force: true });
  const status = await runMocha(suite, totalsFile);
  if (!existsSync(totalsFile)) {
    note(`suite ${suite} ended with ${status} before its totals were known`);
    return { passed: 0, failed: 1 };
  }
  const totals = JSON.parse(readFileSync(totalsFile, 'utf8'));
  if (totals.passed + totals.failed === 0) {
    note(`suite ${suite} has no tests`);
    return { passed: 0, failed: 1 };
  }
  if (status !== 0 && totals.failed === 0) {
    note(`suite ${suite} ended with ${status} after its tests`);
    return { passed: totals.passed, failed: 1 };
  }
  return totals;
}

/** The exit status, or the name of the signal that ended mocha. */
function runMocha(suite, totalsFile) {
  const mochaArguments = [
    join(root, 'node_modules/mocha/bin/mocha.js'),
    '--config',
    join(root, '.mocharc.json'),
    '--reporter',
    join(root, 'scripts/totalsReporter.mjs'),
    '--reporter-option',
    `output=${totalsFile}`,
    `test/${suite}/**/*.test.ts`,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, mochaArguments, { cwd: root, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
}

function report(totals) {
  process.exitCode = totals.failed === 0 ? 0 : 1;
  const sumFile = process.env.CI_SUM ?? '';
  if (sumFile !== '' && existsSync(sumFile)) {
    add(totals, JSON.parse(readFileSync(sumFile, 'utf8')));
  }
  writeFileSync(sumFile === '' ? join(OUT, 'test-totals.json') : sumFile, JSON.stringify(totals));
  if (sumFile === '' || process.env.CI_SUM_LAST === '1') {
    process.stdout.write(`${totals.passed} passed, ${totals.failed} failed\n`);
  } else {
    note(`so far: ${totals.passed} tests good, ${totals.failed} bad`);
  }
}

function add(totals, { passed, failed }) {
  totals.passed += passed;
  totals.failed += failed;
}
