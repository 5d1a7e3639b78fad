import type { Layer, Outcome } from "./network.ts";
import type { Tensor } from "./tensor.ts";

/** A class's logit as an exact sum over pixels of the last feature map, or of the image. */
export interface ClassMap {
  readonly height: number;
  readonly width: number;
  /** One per pixel, row by row, in logits. */
  readonly contributions: Float64Array;
  /** What no pixel contributes. */
  readonly constant: number;
}

/**
 * Split the logit of a class into contributions of pixels.
 *
 * For the given image the layers behind the last feature map are affine, because each unit of a ReLU
 * stays on its side of zero; so the sum is the logit itself. Class activation mapping (Zhou et al. 2016,
 * arXiv 1512.04150) is the case without a hidden layer.
 */
export function classMap(network: readonly Layer[], image: Tensor, outcome: Outcome, label: number): ClassMap {
  const results = [image, ...outcome.outputs];
  // How the logit depends on each value of the current layer's output.
  let weights = new Float64Array(outcome.logits.length);
  weights[label] = 1;
  let constant = 0;
  let split = results.length - 1;
  for (; split > 0; split -= 1) {
    const { description, arrays } = network[split - 1];
    const given = results[split - 1];
    if (description.kind === "dense") {
      if (description.activation === "relu") {
        const active = results[split].data;
        weights = weights.map((weight, unit) => (active[unit] > 0 ? weight : 0));
      }
      const units = weights.length;
      const [kernel, bias] = arrays;
      for (let unit = 0; unit < units; unit += 1) constant += bias[unit] * weights[unit];
      const below = new Float64Array(given.data.length);
      for (let input = 0; input < below.length; input += 1) {
        for (let unit = 0; unit < units; unit += 1) below[input] += kernel[input * units + unit] * weights[unit];
      }
      weights = below;
    } else if (description.kind === "global-average") {
      const pixels = given.height * given.width;
      const shared = weights;
      weights = Float64Array.from(given.data, (_, index) => shared[index % given.channels] / pixels);
    } else if (description.kind === "rescaling") {
      for (const weight of weights) constant += description.offset * weight;
      weights = weights.map((weight) => description.scale * weight);
    } else if (description.kind !== "flatten") {
      break;
    }
  }
  const { height, width, channels, data } = results[split];
  const contributions = new Float64Array(height * width);
  data.forEach((value, index) => {
    contributions[Math.floor(index / channels)] += value * weights[index];
  });
  return { height, width, contributions, constant };
}
