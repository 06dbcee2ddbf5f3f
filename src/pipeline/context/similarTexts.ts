import { isCommonWord } from './commonWords.ts';
import { isPrivatePath } from './isPrivatePath.ts';

/** Text of a document beside the one that is completed. */
export interface SourceText {
  readonly path: string;
  /** Changes with the text; without it the text is read to see whether it did. */
  readonly version?: number | undefined;
  /** The text's first `chars` UTF-16 units, or all of it. */
  readonly readStart: (chars: number) => string;
  /** Lines, from 0, that were edited of late. */
  readonly editedLines?: readonly number[] | undefined;
  /** The text is not a document but the definition of a name near the cursor, which begins in this line of the path, from 0. */
  readonly definitionLine?: number | undefined;
}

export interface SimilarText {
  readonly path: string;
  readonly text: string;
  /** Share of identifiers in common, 0–1, and something for what was edited of late. */
  readonly similarity: number;
}

const WINDOW_LINES = 20;
const STEP_LINES = 10;
const MAX_DOCUMENTS = 30;
/** Of longer documents only the beginning is looked at. */
const MAX_DOCUMENT_CHARS = 40_000;
/** Indexing one takes some milliseconds, in which the editor's extensions stand still; the others follow with the next looks. */
const NEW_DOCUMENTS = 4;
/** Longer lines are data, not code to learn from. */
const MAX_LINE_CHARS = 400;
const MAX_TEXTS = 4;
/** Below this what two texts have in common is the language. */
const LEAST_SIMILARITY = 0.1;
/** What somebody edited of late belongs to what they are at: as good as so much in common. */
const EDITED_SIMILARITY = 0.1;

interface TextWindow {
  readonly firstLine: number;
  readonly text: string;
  readonly words: ReadonlySet<string>;
}

interface IndexedDocument {
  readonly version: number | undefined;
  readonly source: string;
  readonly wordsByLine: ReadonlyMap<string, readonly string[]>;
  readonly windows: readonly TextWindow[];
}

/**
 * Finds parts of other documents that look like the place that is completed: windows of lines by the share of identifiers in
 * common (Jaccard). A document is indexed when it is first asked about, and again, by its changed lines, when it has changed;
 * typing costs nothing.
 */
export class SimilarTexts {
  private documents = new Map<string, IndexedDocument>();
  private readonly newDocuments: number;

  /** `newDocuments`: how many are indexed in one look, at most; the last active first. */
  constructor(newDocuments: number = NEW_DOCUMENTS) {
    this.newDocuments = newDocuments;
  }

  /**
   * The most similar texts, at most `budgetChars` together, the best last; none from documents that may hold secrets.
   *
   * `around`: the text around the cursor. `others`: the last active first.
   */
  find(around: string, others: readonly SourceText[], budgetChars: number): readonly SimilarText[] {
    const wanted = new Set(wordsOf(around));
    const usable = others.filter(({ path }) => !isPrivatePath(path)).slice(0, MAX_DOCUMENTS);
    let newDocuments = 0;
    const indexed = usable
      .filter(({ path }) => this.documents.has(path) || ++newDocuments <= this.newDocuments)
      .map((source) => ({ source, document: this.index(source) }));
    // What was closed is forgotten here.
    this.documents = new Map(indexed.map(({ source, document }) => [source.path, document]));
    const candidates = indexed
      .flatMap(({ source, document }) =>
        document.windows.map((window) => ({
          path: source.path,
          window,
          similarity: jaccard(wanted, window.words) + (isEdited(window, source.editedLines) ? EDITED_SIMILARITY : 0),
        })),
      )
      .filter(({ similarity }) => similarity >= LEAST_SIMILARITY)
      .sort((left, right) => right.similarity - left.similarity);
    const taken: typeof candidates = [];
    let chars = 0;
    for (const candidate of candidates) {
      const { path, window } = candidate;
      const overlaps = taken.some(
        (other) => other.path === path && Math.abs(other.window.firstLine - window.firstLine) < WINDOW_LINES,
      );
      const size = window.text.length + path.length;
      if (!overlaps && taken.length < MAX_TEXTS && chars + size <= budgetChars) {
        taken.push(candidate);
        chars += size;
      }
    }
    return taken.reverse().map(({ path, window, similarity }) => ({ path, text: window.text, similarity }));
  }

  private index(source: SourceText): IndexedDocument {
    const known = this.documents.get(source.path);
    if (known !== undefined && source.version !== undefined && known.version === source.version) {
      return known;
    }
    const text = source.readStart(MAX_DOCUMENT_CHARS);
    if (known?.source === text) {
      return { ...known, version: source.version };
    }
    return indexText(text, source.version, known?.wordsByLine);
  }
}

function indexText(
  source: string,
  version: number | undefined,
  known: ReadonlyMap<string, readonly string[]> = new Map(),
): IndexedDocument {
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  const wordsByLine = new Map<string, readonly string[]>();
  for (const line of lines) {
    if (!wordsByLine.has(line)) {
      wordsByLine.set(line, known.get(line) ?? (line.length > MAX_LINE_CHARS ? [] : wordsOf(line)));
    }
  }
  const windows: TextWindow[] = [];
  for (let firstLine = 0; firstLine < lines.length; firstLine += STEP_LINES) {
    const inWindow = lines.slice(firstLine, firstLine + WINDOW_LINES).filter((line) => line.length <= MAX_LINE_CHARS);
    const text = inWindow.join('\n').trimEnd();
    if (text !== '') {
      windows.push({ firstLine, text, words: new Set(inWindow.flatMap((line) => wordsByLine.get(line)!)) });
    }
    if (firstLine + WINDOW_LINES >= lines.length) {
      break;
    }
  }
  return { version, source, wordsByLine, windows };
}

function wordsOf(text: string): readonly string[] {
  return (text.match(/[\p{L}_$][\p{L}\p{N}_$]{2,}/gu) ?? []).filter((word) => !isCommonWord(word));
}

function isEdited({ firstLine }: TextWindow, editedLines: readonly number[] = []): boolean {
  return editedLines.some((line) => line >= firstLine && line < firstLine + WINDOW_LINES);
}

function jaccard(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  let common = 0;
  for (const word of right) {
    if (left.has(word)) {
      common++;
    }
  }
  const all = left.size + right.size - common;
  return all === 0 ? 0 : common / all;
}
