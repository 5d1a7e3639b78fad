import { mean, meanInterval } from "./student.ts";
import { signFlipPValue } from "./sign-flips.ts";

const ALPHA = 0.05;

export interface Standing {
  readonly n: number;
  readonly difference: number;
  /** Over new seeds; null below three pairs, as in the study. */
  readonly interval: [number, number] | null;
  readonly pValue: number;
  readonly verdict: "better" | "worse" | "undecided";
}

/**
 * What some pairs of seeds show of one difference that stands alone.
 *
 * A difference is shown if the sign-flip test rejects at 5 % and the interval leaves out zero. Six pairs are
 * the fewest that can: fewer have no sign pattern rare enough.
 *
 * @param differences treatment minus baseline, one per seed; at least one.
 */
export function standing(differences: readonly number[], higherIsBetter: boolean): Standing {
  const difference = mean(differences);
  const interval = differences.length >= 3 ? meanInterval(differences) : null;
  const pValue = signFlipPValue(differences);
  const shown = pValue < ALPHA && interval !== null && (interval[0] > 0 || interval[1] < 0);
  const favourable = difference > 0 === higherIsBetter;
  const verdict = shown ? (favourable ? "better" : "worse") : "undecided";
  return { n: differences.length, difference, interval, pValue, verdict };
}
