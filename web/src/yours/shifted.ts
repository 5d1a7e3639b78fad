import { largest } from "../forward/tensor.ts";
import type { Images } from "../resources.ts";
import { wilson } from "../statistics/wilson.ts";
import type { Ends, Study } from "../study.ts";
import { moved } from "../picture/moved.ts";
import type { YourNetwork } from "./model.ts";

/** Accuracy at one distance, over all images and eight directions. */
export interface Shifted {
  readonly distance: number;
  readonly accuracy: number;
  /** Over images; those that are shifted in eight directions count once. */
  readonly interval: Ends;
  readonly images: number;
}

// Rows down and columns right, as the study shifts its test images.
const COMPASS = [[-1, 0], [-1, 1], [0, 1], [1, 1], [1, 0], [1, -1], [0, -1], [-1, -1]] as const;

/** Measure how a network takes shifts, one distance after the other. */
export async function* shiftedAccuracies(
  network: YourNetwork,
  images: Images,
  study: Study,
  most: number,
): AsyncGenerator<Shifted> {
  const { pictures } = images;
  const { labels } = study.images;
  for (let distance = 0; distance <= most; distance += 1) {
    let right = 0;
    const directions = distance === 0 ? [[0, 0]] : COMPASS;
    for (const [down, across] of directions) {
      const canvases = pictures.map((each) => moved(each, network.side, across * distance, down * distance));
      const answers = await network.answer(canvases);
      right += answers.filter((each, index) => largest(each.probabilities) === labels[index]).length;
    }
    const accuracy = right / (directions.length * pictures.length);
    yield { distance, accuracy, interval: wilson(accuracy, pictures.length), images: pictures.length };
  }
}
