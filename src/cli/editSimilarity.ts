/**
 * How alike two texts are: 1 − Levenshtein distance / length of the longer one, in UTF-16 units; 1 for two empty texts.
 *
 * Distance by rows of the dynamic programme of Wagner and Fischer (J. ACM 21, 1974), which cost the product of the lengths.
 */
export function editSimilarity(left: string, right: string): number {
  const longer = Math.max(left.length, right.length);
  return longer === 0 ? 1 : 1 - levenshtein(left, right) / longer;
}

function levenshtein(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left.charCodeAt(row - 1) === right.charCodeAt(column - 1);
      const substituted = previous[column - 1]! + (isSame ? 0 : 1);
      current.push(Math.min(substituted, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[right.length]!;
}
