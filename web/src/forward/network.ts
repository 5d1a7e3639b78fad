import * as layers from "./layers.ts";
import { type Tensor, tensor } from "./tensor.ts";

/** A layer as `study.json` describes it. */
export type LayerDescription = { readonly name: string; readonly weights: readonly number[][] } & (
  | { readonly kind: "rescaling"; readonly scale: number; readonly offset: number }
  | { readonly kind: "circular"; readonly pixels: number }
  | {
      readonly kind: "convolution";
      readonly padding: "same" | "valid";
      readonly dilation: number;
      readonly relu: boolean;
    }
  | { readonly kind: "maximum" | "average"; readonly size: number }
  | { readonly kind: "polyphase"; readonly circular: boolean }
  | { readonly kind: "global-average" | "flatten" }
  | { readonly kind: "dense"; readonly activation: "relu" | "softmax" | "linear" }
);

export interface Layer {
  readonly description: LayerDescription;
  readonly arrays: readonly Float32Array[];
}

export interface Outcome {
  /** What each layer gives, in the network's order. */
  readonly outputs: readonly Tensor[];
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
}

/**
 * Take a network's weights apart.
 *
 * @throws RangeError if the file does not hold as many numbers as the layers need.
 */
export function readLayers(descriptions: readonly LayerDescription[], file: ArrayBuffer): Layer[] {
  const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
  const needed = descriptions.flatMap((each) => each.weights.map(size)).reduce((sum, one) => sum + one, 0);
  if (file.byteLength !== 4 * needed) {
    throw new RangeError(`${file.byteLength} bytes of weights where ${4 * needed} are expected`);
  }
  const view = new DataView(file);
  let position = 0;
  const next = (length: number) => {
    // Little endian on every machine.
    const array = Float32Array.from({ length }, (_, index) => view.getFloat32(position + 4 * index, true));
    position += 4 * length;
    return array;
  };
  return descriptions.map((description) => ({
    description,
    arrays: description.weights.map((shape) => next(size(shape))),
  }));
}

/** The kernel of a convolution. */
export function kernelOf(layer: Layer): layers.Kernel {
  const [size, , inputs, filters] = layer.description.weights[0];
  return { size, inputs, filters, weights: layer.arrays[0], bias: layer.arrays[1] };
}

/** Run a network on an image with values from 0 to 1. */
export function run(network: readonly Layer[], image: Tensor): Outcome {
  const outputs: Tensor[] = [];
  let current = image;
  let logits: Float32Array = new Float32Array();
  for (const layer of network) {
    const { description, arrays } = layer;
    if (description.kind === "dense") {
      const sums = layers.dense(current.data, arrays[0], arrays[1], description.activation === "relu");
      if (description.activation === "softmax") logits = sums;
      const values = description.activation === "softmax" ? layers.softmax(sums) : sums;
      current = tensor(1, 1, values.length, values);
    } else {
      current = apply(layer, current);
    }
    outputs.push(current);
  }
  return { outputs, logits, probabilities: current.data };
}

function apply(layer: Layer, input: Tensor): Tensor {
  const { description } = layer;
  switch (description.kind) {
    case "rescaling":
      return layers.rescale(input, description.scale, description.offset);
    case "circular":
      return layers.padCircular(input, description.pixels);
    case "convolution":
      return layers.convolve(
        input,
        kernelOf(layer),
        description.padding,
        description.dilation,
        description.relu,
      );
    case "maximum":
    case "average":
      return layers.pool(input, description.size, description.kind === "maximum");
    case "polyphase":
      return layers.polyphase(input, description.circular);
    case "global-average":
      return layers.globalAverage(input);
    case "flatten":
      return tensor(1, 1, input.data.length, input.data);
    default:
      throw new TypeError(`an unknown layer: ${description.name}`);
  }
}
