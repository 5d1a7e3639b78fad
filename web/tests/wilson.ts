// Reads pairs of successes and trials as JSON from standard input and prints the intervals of the shares.
import { readFileSync } from "node:fs";
import { wilson } from "../src/statistics/wilson.ts";

const pairs: [number, number][] = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(pairs.map(([successes, trials]) => wilson(successes / trials, trials))));
