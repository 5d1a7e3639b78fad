/**
 * Round as the study's tables do, so that a tie is rounded alike however it was computed: the last bits are
 * dropped first, and what is then exactly between two numbers goes to the even one.
 */
export function rounded(value: number, digits: number): number {
  const clean = Number(value.toFixed(9));
  const scaled = clean * 10 ** digits;
  // Only multiples of a power of two are exactly between two decimal numbers.
  const tie = Number.isInteger(clean * 2 ** (digits + 1)) && Math.abs(scaled % 1) === 0.5;
  if (tie) return (2 * Math.round(scaled / 2)) / 10 ** digits;
  return Number(clean.toFixed(digits));
}
