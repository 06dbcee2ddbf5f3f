// The same work with llama.cpp, through node-llama-cpp: the same GGUF file, token ids, threads and processor, in turn with
// ours, place by place, so that whatever else the machine does hits both alike. It is fetched into the user's cache when it
// is asked for, and is no dependency of the product.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { note, runNpm, SetUpError } from '../setUp.mjs';
import { complete, msPerStep } from './ownFigures.mjs';
import {
  cacheDirectory,
  createTokenizer,
  downloadDirectory,
  fetchWeights,
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

export async function measurePeer(client, model, directory, positions, root) {
  const opened = await openPackage(directory);
  if (!opened.ok) {
    throw new SetUpError(opened.error);
  }
  const { manifest } = opened.value;
  const tokenizer = createTokenizer(JSON.parse(readFileSync(join(directory, manifest.files.tokenizer.name), 'utf8')));
  const peer = await openPeer(await weightFile(root, model.id), model.threads);
  const ours = { decode: [], prefill: [] };
  const theirs = { decode: [], prefill: [] };
  const ratios = { decode: [], prefill: [] };
  let agreeing = 0;
  let compared = 0;
  try {
    for (const [index, position] of positions.entries()) {
      const snapshot = toSnapshot(position);
      const plan = planPlainPrompt(snapshot);
      const ids = promptIds(tokenizer, manifest.fillInTheMiddle, plan);
      const own = await completeOwn(client, snapshot, plan);
      if (own.promptTokens !== ids.length) {
        throw new Error(`the prompts differ: ${own.promptTokens} and ${ids.length} tokens`);
      }
      const other = await peer.complete(ids, manifest.fillInTheMiddle.stop);
      note(`${index + 1} of ${positions.length} places`);
      if (index === 0) {
        // Both have warmed up now.
        continue;
      }
      compared++;
      agreeing += firstLine(own.text) === firstLine(decodeText(tokenizer, other.tokens)) ? 1 : 0;
      const ownPrefill = (own.promptTokens * 1000) / own.ms.prefill;
      const otherPrefill = (ids.length * 1000) / other.firstTokenMs;
      ours.prefill.push(ownPrefill);
      theirs.prefill.push(otherPrefill);
      ratios.prefill.push(ownPrefill / otherPrefill);
      const [ownDecode] = msPerStep(own);
      if (ownDecode !== undefined && other.msPerToken !== undefined) {
        ours.decode.push(ownDecode);
        theirs.decode.push(other.msPerToken);
        ratios.decode.push(ownDecode / other.msPerToken);
      }
    }
  } finally {
    await peer.dispose();
  }
  const medians = ({ decode, prefill }) => ({
    decodeMsPerToken: quantile(decode, 0.5),
    prefillTokensPerSecond: quantile(prefill, 0.5),
  });
  return {
    peer: `node-llama-cpp ${PEER_VERSION}`,
    threads: model.threads,
    places: compared,
    ours: medians(ours),
    theirs: medians(theirs),
    ratio: { decode: quantile(ratios.decode, 0.5), prefill: quantile(ratios.prefill, 0.5) },
    firstLineAgreement: compared === 0 ? 0 : agreeing / compared,
  };
}

/** Token for token: no healing, no stop rules, plain decoding. */
function completeOwn(client, snapshot, plan) {
  const choices = { heal: false, stopRules: false, method: 'off', maxTokens: DECODED_TOKENS };
  return complete(client, snapshot, plan, true, choices);
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
    /** Greedy decoding of the prompt from an empty cache; the first token's time is the prefill's. */
    async complete(ids, stop) {
      await sequence.clearHistory();
      const tokens = [];
      const startMs = performance.now();
      let firstTokenMs = 0;
      let lastTokenMs = 0;
      for await (const token of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
        lastTokenMs = performance.now() - startMs;
        firstTokenMs ||= lastTokenMs;
        tokens.push(token);
        if (tokens.length === DECODED_TOKENS || stop.includes(token)) {
          break;
        }
      }
      const steps = tokens.length - 1;
      const end = tokens.findIndex((token) => stop.includes(token));
      return {
        tokens: end === -1 ? tokens : tokens.slice(0, end),
        firstTokenMs,
        msPerToken: steps === 0 ? undefined : (lastTokenMs - firstTokenMs) / steps,
      };
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
