// Reads lists of differences as JSON from standard input and prints what the page says of each.
import { readFileSync } from "node:fs";
import { standing } from "../src/statistics/verdict.ts";

const samples: number[][] = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(samples.map((each) => standing(each, true))));
