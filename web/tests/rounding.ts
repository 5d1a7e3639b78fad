// Reads pairs of a number and a count of digits as JSON from standard input and prints them rounded.
import { readFileSync } from "node:fs";
import { rounded } from "../src/rounding.ts";

const pairs: [number, number][] = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(pairs.map(([value, digits]) => rounded(value, digits).toFixed(digits))));
