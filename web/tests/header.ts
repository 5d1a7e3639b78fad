// Reads picture files in base 64 as JSON from standard input, and prints what their headers say.
import { readFileSync } from "node:fs";
import { readHeader } from "../src/picture/header.ts";

const files: string[] = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(files.map((each) => readHeader(new Uint8Array(Buffer.from(each, "base64"))))));
