import { largest } from "../forward/tensor.ts";
import { moved } from "../picture/moved.ts";
import { wilson } from "../statistics/wilson.ts";
import type { Ends } from "../study.ts";
import type { YourNetwork } from "./model.ts";
import type { Sample } from "./sample.ts";

/** Accuracy at one distance. */
export interface Shifted {
  readonly distance: number;
  readonly accuracy: number;
  /** Over images. */
  readonly interval: Ends;
  readonly images: number;
}

/** How far a measurement is. */
export interface Progress {
  readonly done: number;
  readonly all: number;
  /** The distances that are complete. */
  readonly shifted: readonly Shifted[];
}

// Rows down and columns right, as the study shifts its test images.
const COMPASS = [[-1, 0], [-1, 1], [0, 1], [1, 1], [1, 0], [1, -1], [0, -1], [-1, -1]] as const;

const PATIENCE = 30; // milliseconds of computing before the page may answer again
const MOST_TOGETHER = 64; // images

/**
 * Measure how a network takes shifts, one distance after the other and a few images at a time.
 *
 * Each image is moved in one of the eight directions of the study, so that answers to different images are
 * what the interval takes them for: independent.
 */
export async function* shiftedAccuracies(network: YourNetwork, sample: Sample, most: number): AsyncGenerator<Progress> {
  const { labels, image } = sample;
  const images = labels.length;
  const all = images * (most + 1);
  let shifted: readonly Shifted[] = [];
  let together = 1;
  for (let distance = 0; distance <= most; distance += 1) {
    let right = 0;
    for (let start = 0; start < images; ) {
      const started = performance.now();
      const count = Math.min(together, images - start);
      const canvases = Array.from({ length: count }, (_, index) => {
        const [down, across] = COMPASS[(start + index) % COMPASS.length];
        return moved(image(start + index), network.side, across * distance, down * distance);
      });
      const answers = await network.answer(canvases);
      right += answers.filter((each, index) => largest(each.probabilities) === labels[start + index]).length;
      start += count;
      if (start === images) {
        const accuracy = right / images;
        shifted = [...shifted, { distance, accuracy, interval: wilson(accuracy, images), images }];
      }
      yield { done: distance * images + start, all, shifted };
      // As many as the page can be away for; a hidden page draws no frames, but timers go on.
      const took = performance.now() - started;
      together = took < PATIENCE / 2 ? Math.min(2 * together, MOST_TOGETHER) : took > PATIENCE ? Math.ceil(together / 2) : together;
      await new Promise((resume) => setTimeout(resume));
    }
  }
}
