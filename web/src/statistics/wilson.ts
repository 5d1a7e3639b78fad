import type { Ends } from "../study.ts";

const NORMAL = 1.959963984540054; // 97.5 % of a normal distribution lie below

/**
 * The 95 % interval of a share, by Wilson (1927, doi 10.1080/01621459.1927.10502953).
 *
 * @param share from 0 to 1.
 * @param n how many independent cases it comes from.
 */
export function wilson(share: number, n: number): Ends {
  const square = NORMAL ** 2;
  const middle = (share + square / (2 * n)) / (1 + square / n);
  const half = (NORMAL / (1 + square / n)) * Math.sqrt((share * (1 - share)) / n + square / (4 * n * n));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
