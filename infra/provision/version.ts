/** Compares the leading numbers of a version: `versionAtLeast('1.26.8', [1, 25])`. */
export function versionAtLeast(version: string, minimum: readonly number[]): boolean {
  const numbers = (version.match(/\d+/g) ?? []).map(Number);
  for (const [index, wanted] of minimum.entries()) {
    const found = numbers[index] ?? 0;
    if (found !== wanted) return found > wanted;
  }
  return true;
}
