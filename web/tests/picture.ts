// Converts pictures that it reads as JSON from standard input, and prints what the page makes of them.
import { readFileSync } from "node:fs";
import { convert, type Form } from "../src/picture/convert.ts";
import type { Pixels } from "../src/picture/pixels.ts";

interface Given {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: string;
  readonly form: Form;
}

const given: Given[] = JSON.parse(readFileSync(0, "utf8"));
const converted = given.map(({ width, height, channels, data, form }) => {
  const pixels: Pixels = { width, height, channels, data: new Uint8Array(Buffer.from(data, "base64")) };
  const found = convert(pixels, form);
  return {
    data: Buffer.from(found.pixels.data).toString("base64"),
    steps: found.steps.map(({ kind, numbers }) => [kind, ...numbers]),
    remarks: found.remarks,
  };
});
console.log(JSON.stringify(converted));
