import { splitAtWordStart } from './splitAtWordStart.ts';
import type { Tokenizer } from './tokenizer.ts';

/** The three texts of a fill-in-the-middle prompt, line feeds only, and what the model sees before them. */
export interface PromptText {
  /** The file up to the anchor. */
  readonly prefix: string;
  /** The file after the cursor. */
  readonly suffix: string;
  /** Anchor to cursor: placed after `<|fim_middle|>`, as if the model had already written it. Empty in the plain layout. */
  readonly tail: string;
  readonly context?: PromptContext | undefined;
}

/** Parts of other files, in the model's own repository format; passed over where the model has no such format. */
export interface PromptContext {
  readonly repositoryName: string;
  /** Of the file that is completed. */
  readonly path: string;
  /** The most useful last, next to the file that is completed. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/** Control ids of a model. */
export interface PromptControl {
  readonly prefix: number;
  readonly suffix: number;
  readonly middle: number;
  readonly repoName?: number;
  readonly fileSeparator?: number;
}

export interface TokenizedPrompt {
  readonly promptTokens: readonly number[];
  /** Of the text before the cursor and after it, without control ids. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** The word at the cursor that healing takes back. */
  readonly typed: string;
}

/**
 * Ids in prefix–suffix–middle order, the only one these models know:
 * ```
 * <|repo_name|>name\n <|file_sep|>path\n text … <|file_sep|>path\n
 * <|fim_prefix|> prefix <|fim_suffix|> suffix <|fim_middle|> tail
 * ```
 * Every text goes through the tokenizer, which knows no control tokens: no file can contain one. A context that does not fit
 * into `mostTokens` beside the rest is left out. Sources: arXiv 2409.12186 §3.2 (file level) and §3.1 (repository level).
 */
export function tokenizePrompt(
  { prefix, suffix, tail, context }: PromptText,
  { tokenizer, control }: { readonly tokenizer: Pick<Tokenizer, 'encode'>; readonly control: PromptControl },
  { heal, mostTokens }: { readonly heal: boolean; readonly mostTokens: number },
): TokenizedPrompt {
  const { kept, typed } = heal ? splitAtWordStart(tail) : { kept: tail, typed: '' };
  const prefixTokens = tokenizer.encode(prefix);
  const suffixTokens = tokenizer.encode(suffix);
  const tailTokens = tokenizer.encode(kept);
  const fileTokens = [control.prefix, ...prefixTokens, control.suffix, ...suffixTokens, control.middle, ...tailTokens];
  const contextTokens = context === undefined ? [] : tokenizeContext(context, tokenizer, control);
  const hasRoom = contextTokens.length + fileTokens.length <= mostTokens;
  return {
    promptTokens: hasRoom ? [...contextTokens, ...fileTokens] : fileTokens,
    before: [...prefixTokens, ...tailTokens],
    after: suffixTokens,
    typed,
  };
}

function tokenizeContext(
  { repositoryName, path, files }: PromptContext,
  tokenizer: Pick<Tokenizer, 'encode'>,
  { repoName, fileSeparator }: PromptControl,
): readonly number[] {
  if (repoName === undefined || fileSeparator === undefined) {
    return [];
  }
  const fileOf = (name: string, text: string): readonly number[] => [
    fileSeparator,
    ...tokenizer.encode(`${oneLine(name)}\n`),
    ...tokenizer.encode(text),
  ];
  return [
    repoName,
    ...tokenizer.encode(`${oneLine(repositoryName)}\n`),
    ...files.flatMap((file) => fileOf(file.path, file.text.endsWith('\n') ? file.text : `${file.text}\n`)),
    ...fileOf(path, ''),
  ];
}

function oneLine(name: string): string {
  return name.replaceAll(/[\r\n]+/g, ' ');
}
