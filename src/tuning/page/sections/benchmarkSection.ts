import type { BenchmarkResult, BenchmarkSource } from '../../panelState.ts';
import { BENCHMARK_SOURCES } from '../../panelState.ts';
import type { Recommendation } from '../../replay/recommendMethod.ts';
import { describeAcceptance, variantRows } from '../figuresTable.ts';
import { formatFactor } from '../format.ts';
import { drawRun } from '../runState.ts';
import type { DrawSection } from '../sectionParts.ts';
import { button, note, scroller } from '../sectionParts.ts';
import { translate } from '../translate.ts';
import type { VirtualElement, VirtualNode } from '../virtualElement.ts';
import { element } from '../virtualElement.ts';

/** All draft methods of the loaded model, in turn, on this machine. */
export const drawBenchmark: DrawSection = (state, send) => {
  const { benchmark, engine, settings } = state;
  const isRunning = benchmark.run.kind === 'running';
  const isEmpty = benchmark.source === 'requests' && state.requests.length === 0;
  const isBlocked = isRunning || state.trial.run.kind === 'running' || !engine.isReady || isEmpty;
  const result = benchmark.run.kind === 'done' ? benchmark.run.result : undefined;
  const method = result?.recommendation?.method;
  return [
    note(
      translate(
        'Every draft method completes the same places, in turn. It learns nothing from your code for later, takes a minute or more, and waits while you type.',
      ),
    ),
    sourceField(benchmark.source, (source) => send({ kind: 'set-benchmark', source })),
    element(
      'div',
      { class: 'row' },
      button('benchmark-start', translate('Benchmark This Machine'), () => send({ kind: 'benchmark-start' }), {
        isPrimary: true,
        isDisabled: isBlocked,
      }),
      button('benchmark-cancel', translate('Cancel'), () => send({ kind: 'benchmark-cancel' }), {
        isDisabled: !isRunning,
      }),
    ),
    drawRun(benchmark.run, translate('Benchmark')),
    ...(result === undefined ? [] : table(result)),
    ...(method === undefined
      ? []
      : [
          element(
            'div',
            { class: 'row' },
            button(
              'benchmark-apply',
              method === settings.draftMethod
                ? translate('“{0}” is set already', method)
                : translate('Set the draft method to “{0}”', method),
              () => send({ kind: 'benchmark-apply' }),
              { isDisabled: method === settings.draftMethod },
            ),
          ),
        ]),
  ];
};

function sourceField(chosen: BenchmarkSource, choose: (source: BenchmarkSource) => void): VirtualElement {
  const names: Readonly<Record<BenchmarkSource, string>> = {
    requests: translate('your last requests'),
    samples: translate('sample files'),
    both: translate('both'),
  };
  return element(
    'fieldset',
    { class: 'field inline' },
    element('legend', {}, translate('Places')),
    ...BENCHMARK_SOURCES.map((source) =>
      element(
        'label',
        { class: 'check' },
        element('input', {
          ...{ type: 'radio', name: 'source', id: `source-${source}`, checked: source === chosen },
          change: () => choose(source),
        }),
        names[source],
      ),
    ),
  );
}

function table({ model, device, threads, methods, recommendation }: BenchmarkResult): readonly VirtualNode[] {
  return [
    scroller(
      translate('Result of the benchmark'),
      variantRows(
        translate(
          '{0} on {1}, threads: {2}; places: {3}; acceptance: {4}',
          ...[model, device, threads, methods[0]?.requests ?? 0],
          methods[0] === undefined ? '' : describeAcceptance(methods[0].variant),
        ),
        methods.map((figures) => ({
          name: figures.variant.draftMethod,
          figures,
          isMarked: figures.variant.draftMethod === recommendation?.method,
        })),
      ),
    ),
    recommendation === undefined
      ? undefined
      : element('p', { class: 'recommendation' }, describeRecommendation(recommendation)),
  ];
}

function describeRecommendation({ method, reason, speedup, fasterIn, requests }: Recommendation): string {
  const evidence = translate(
    '{0} the speed of plain decoding (geometric mean, faster at {1} of {2}).',
    formatFactor(speedup),
    fasterIn,
    requests,
  );
  switch (reason) {
    case 'fastest':
      return `${translate('Use “{0}”: it is the fastest here.', method)} ${evidence}`;
    case 'as-fast-as-the-fastest':
      return `${translate('Use “{0}”: it is as fast as the fastest, and adapts to other code.', method)} ${evidence}`;
    case 'nothing-pays':
      return translate('Use “{0}”: no method is faster than plain decoding beyond noise.', method);
    case 'too-little':
      return translate('Too few places had something to decode for a recommendation; “{0}” adapts by itself.', method);
  }
}
