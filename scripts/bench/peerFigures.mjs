// The same work with llama.cpp, through node-llama-cpp: the same GGUF file, token ids, threads and processor, in turn with
// ours, place by place, so that whatever else the machine does hits both alike. It is fetched into the user's cache when it
// is asked for, and is no dependency of the product.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { note, runNpm, SetUpError } from '../setUp.mjs';
import { complete } from './ownFigures.mjs';
import {
  benchOrder,
  cacheDirectory,
  downloadDirectory,
  fetchWeights,
  loadTokenizer,
  openPackage,
  planPlainPrompt,
  quantile,
  readCatalogueEntry,
  toSnapshot,
  Utf8Decoder,
} from './product.mjs';

const PEER_VERSION = '3.22.1';
const DECODED_TOKENS = 32;

/** Packages with the prebuilt processor-only library, by platform. */
const PEER_BINARIES = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'mac-x64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};

/**
 * Per place: ours from an empty cache for the prefill's time, then plain decoding, decoding with drafts and llama.cpp's
 * whole completion, turning in who goes first. A completion is prefill and decoding together, for as many tokens as ours
 * wrote; our tokenising counts as decoding, llama.cpp is given the ids.
 */
export async function measurePeer(client, model, directory, positions, root) {
  const opened = await openPackage(directory);
  if (!opened.ok) {
    throw new SetUpError(opened.error);
  }
  const { manifest } = opened.value;
  const tokenizer = await loadTokenizer(directory, manifest);
  const peer = await openPeer(await weightFile(root, model.id), model.threads);
  const places = [];
  try {
    for (const [index, position] of positions.entries()) {
      const snapshot = toSnapshot(position);
      const plan = planPlainPrompt(snapshot);
      const ids = promptIds(tokenizer, manifest.fillInTheMiddle, plan);
      const prefill = await completeOwn(client, snapshot, plan, { method: 'off', maxTokens: 1, cold: true });
      if (prefill.promptTokens !== ids.length) {
        throw new Error(`the prompts differ: ${prefill.promptTokens} and ${ids.length} tokens`);
      }
      const place = { promptTokens: ids.length, prefillMs: prefill.ms.prefill };
      for (const who of benchOrder(['off', 'auto', 'peer'], index, 0)) {
        place[who] =
          who === 'peer' ? await peer.complete(ids) : await completeOwn(client, snapshot, plan, { method: who });
      }
      note(`${index + 1} of ${positions.length} places`);
      // At the first place both have warmed up.
      if (index > 0) {
        const text = decodeText(tokenizer, untilStop(place.peer.tokens, manifest.fillInTheMiddle.stop));
        places.push({ ...comparePlace(place), agrees: firstLine(place.off.text) === firstLine(text) });
      }
    }
  } finally {
    await peer.dispose();
  }
  const medianOf = (figureOf) =>
    quantile(
      places.map(figureOf).filter((figure) => figure !== undefined),
      0.5,
    );
  const medians = (who) => ({
    decodeMsPerToken: medianOf((place) => place[who].msPerToken),
    completionMs: medianOf((place) => place[who].completionMs),
    prefillTokensPerSecond: medianOf((place) => place[who].prefillTokensPerSecond),
  });
  // Above 1 ours is the faster one, in every row.
  const ratios = (who) => ({
    decode: medianOf(({ peer: other, [who]: own }) => over(other.msPerToken, own.msPerToken)),
    completion: medianOf(({ peer: other, [who]: own }) => other.completionMs / own.completionMs),
    prefill: medianOf(({ peer: other, [who]: own }) => own.prefillTokensPerSecond / other.prefillTokensPerSecond),
  });
  return {
    peer: `node-llama-cpp ${PEER_VERSION}`,
    threads: model.threads,
    places: places.length,
    hasAdapter: manifest.provenance.adapter !== 'none',
    off: medians('off'),
    auto: medians('auto'),
    theirs: medians('peer'),
    ratio: { off: ratios('off'), auto: ratios('auto') },
    firstLineAgreement: share(places, ({ agrees }) => agrees),
    sameText: share(places, ({ isSameText }) => isSameText),
  };
}

/** The same three figures of each way to complete one place; no time per token where the first token ended the text. */
function comparePlace({ promptTokens, prefillMs, off, auto, peer }) {
  // Ours decode from a warm cache, the first token too, which in a whole completion comes with the prefill.
  const afterFirst = decodedTokens(off) - 1;
  const figures = (firstMs, msPerToken) => ({
    prefillTokensPerSecond: (promptTokens * 1000) / firstMs,
    completionMs: firstMs + afterFirst * (msPerToken ?? 0),
    msPerToken,
  });
  const own = (run) => figures(prefillMs, (run.ms.total - run.ms.prefill) / decodedTokens(run));
  // Its cost does not depend on what it writes, so it goes on past a stop token and is read off where ours ended.
  const firstMs = peer.msAt[0];
  return {
    off: own(off),
    auto: own(auto),
    peer: figures(firstMs, afterFirst === 0 ? undefined : (peer.msAt[afterFirst] - firstMs) / afterFirst),
    isSameText: off.text === auto.text,
  };
}

/** The stop token counts: a forward was paid for it. */
function decodedTokens({ tokens, stopReason }) {
  return tokens + (stopReason === 'stop-token' ? 1 : 0);
}

/** Token for token: no healing, no stop rules. */
function completeOwn(client, snapshot, plan, { cold = false, ...choices }) {
  const exact = { heal: false, stopRules: false, acceptance: 'exact', maxTokens: DECODED_TOKENS, ...choices };
  return complete(client, snapshot, plan, cold, exact);
}

function share(rows, condition) {
  return rows.length === 0 ? 0 : rows.filter(condition).length / rows.length;
}

function over(part, whole) {
  return part === undefined || whole === undefined ? undefined : part / whole;
}

function untilStop(tokens, stop) {
  const end = tokens.findIndex((token) => stop.includes(token));
  return end === -1 ? tokens : tokens.slice(0, end);
}

function promptIds(tokenizer, control, plan) {
  return [
    control.prefix,
    ...tokenizer.encode(plan.prefix),
    control.suffix,
    ...tokenizer.encode(plan.suffix),
    control.middle,
  ];
}

function decodeText(tokenizer, tokens) {
  const decoder = new Utf8Decoder();
  return tokens.map((token) => decoder.push(tokenizer.bytesOf(token))).join('');
}

function firstLine(text) {
  return text.split('\n', 1)[0].trimEnd();
}

/** The official file that the package was built from. */
async function weightFile(root, id) {
  const entry = await readCatalogueEntry(root, id);
  if (!entry.ok) {
    throw new SetUpError(entry.error);
  }
  const signal = new AbortController().signal;
  const fetched = await fetchWeights(entry.value, { downloadDirectory: downloadDirectory(), signal });
  if (!fetched.ok) {
    throw new SetUpError(fetched.error.message);
  }
  return fetched.value.path;
}

async function openPeer(modelPath, threads) {
  const { getLlama, LlamaLogLevel } = await importPeer();
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    logLevel: LlamaLogLevel.error,
    maxThreads: threads,
  });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: 2048, batchSize: 512, sequences: 1, threads });
  const sequence = context.getSequence();
  return {
    /** Greedy decoding of the prompt from an empty cache; `msAt[i]` is when token `i` was there, the first by the prefill. */
    async complete(ids) {
      await sequence.clearHistory();
      const tokens = [];
      const msAt = [];
      const startMs = performance.now();
      for await (const token of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
        msAt.push(performance.now() - startMs);
        tokens.push(token);
        if (tokens.length === DECODED_TOKENS) {
          break;
        }
      }
      return { tokens, msAt };
    },
    dispose: () => llama.dispose(),
  };
}

async function importPeer() {
  const binary = PEER_BINARIES[`${process.platform}-${process.arch}`];
  if (binary === undefined) {
    throw new SetUpError(`node-llama-cpp has no library for ${process.platform} on ${process.arch}`);
  }
  const folder = join(cacheDirectory(), 'test-tools', `node-llama-cpp-${PEER_VERSION}`);
  const entry = join(folder, 'node_modules/node-llama-cpp/dist/index.js');
  if (!existsSync(entry)) {
    note(`installing node-llama-cpp ${PEER_VERSION} for the comparison`);
    mkdirSync(folder, { recursive: true });
    // Without its optional packages, which are 600 MB of libraries for graphics cards; the one needed is named instead.
    const packages = [`node-llama-cpp@${PEER_VERSION}`, `@node-llama-cpp/${binary}@${PEER_VERSION}`];
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', '--omit=optional'];
    await runNpm(['install', ...quiet, '--prefix', folder, ...packages], {}, { cwd: folder });
  }
  return import(pathToFileURL(entry).href);
}
