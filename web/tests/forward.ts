// Prints, as JSON, what the page computes for the images of a written site: node forward.ts FOLDER
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { classMap } from "../src/forward/class-map.ts";
import { readLayers, run } from "../src/forward/network.ts";
import { tensor } from "../src/forward/tensor.ts";

const folder = process.argv[2];
const study = JSON.parse(readFileSync(join(folder, "study.json"), "utf8"));
const bytes = readFileSync(join(folder, study.images.file));
const { side, channels } = study.study;
const pixels = side * side * channels;
const answers = [];
for (const description of study.networks) {
  const file = readFileSync(join(folder, description.file));
  const layers = readLayers(
    description.layers,
    file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer,
  );
  const margin = (description.side - side) / 2;
  const found = [];
  let milliseconds = Infinity;
  for (let index = 0; index < study.images.labels.length; index += 1) {
    const image = tensor(description.side, description.side, channels);
    for (let row = 0; row < side; row += 1) {
      for (let at = 0; at < side * channels; at += 1) {
        image.data[((row + margin) * description.side + margin) * channels + at] =
          bytes[index * pixels + row * side * channels + at] / 255;
      }
    }
    const started = performance.now();
    const outcome = run(layers, image);
    milliseconds = Math.min(milliseconds, performance.now() - started);
    const label = study.images.labels[index];
    const map = classMap(layers, image, outcome, label);
    found.push({
      probabilities: [...outcome.probabilities],
      logits: [...outcome.logits],
      map: [...map.contributions],
      constant: map.constant,
    });
  }
  answers.push({ run: description.run, milliseconds, images: found });
}
console.log(JSON.stringify(answers));
