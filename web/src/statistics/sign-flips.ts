/** The sums of some numbers under every choice of signs, ascending. */
function signedSums(differences: readonly number[]): Float64Array {
  let sums = new Float64Array(1);
  for (const difference of differences) {
    const longer = new Float64Array(2 * sums.length);
    sums.forEach((sum, index) => {
      longer[2 * index] = sum - difference;
      longer[2 * index + 1] = sum + difference;
    });
    sums = longer;
  }
  return sums.sort();
}

/**
 * Two-sided p-value of the mean difference when every pair's sign is random: the share of all 2^n sign
 * patterns whose sum is at least as far from zero. Exact, so for at most 36 pairs.
 *
 * Sums that agree but for rounding count as ties.
 */
export function signFlipPValue(differences: readonly number[]): number {
  const sum = differences.reduce((total, each) => total + each, 0);
  const size = differences.reduce((total, each) => total + Math.abs(each), 0);
  const threshold = Math.abs(sum) - 1e-10 * size;
  if (threshold <= 0) return 1;
  // Every sum over all pairs is one over the first half plus one over the second.
  const half = Math.floor(differences.length / 2);
  const first = signedSums(differences.slice(0, half));
  const second = signedSums(differences.slice(half));
  let reached = 0;
  let start = second.length;
  for (const each of first) {
    // Both ascend, so what is left to reach falls.
    while (start > 0 && second[start - 1] >= threshold - each) start -= 1;
    reached += second.length - start;
  }
  return (2 * reached) / 2 ** differences.length;
}
