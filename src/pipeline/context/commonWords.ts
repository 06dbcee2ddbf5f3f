/** Words that most files of some language have; they say nothing about what a text is about. */
const COMMON = new Set(
  (
    'and any bool boolean break case catch class const continue def default elif else end export extends false final ' +
    'finally float for from func function import int interface let match mut new nil none null number object package ' +
    'pass private protected public pub raise readonly return self static str string struct super switch then this throw ' +
    'true try type undefined use using var void while with yield'
  ).split(' '),
);

export function isCommonWord(word: string): boolean {
  return COMMON.has(word.toLowerCase());
}
