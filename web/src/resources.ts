import { type Layer, readLayers } from "./forward/network.ts";
import type { PictureData } from "./parts/picture.tsx";
import { get, type NetworkDescription, type Study } from "./study.ts";

/** Test images that the page holds. */
export interface Images {
  readonly pictures: readonly PictureData[];
  /** Name of each one's class. */
  readonly names: readonly string[];
  /** Where each is in the test set. */
  readonly indices: readonly number[];
}

export interface Network {
  readonly description: NetworkDescription;
  readonly layers: readonly Layer[];
}

/**
 * Load the test images.
 *
 * @throws Error if the file is missing or has another size than the study says.
 */
export async function loadImages(study: Study): Promise<Images> {
  const bytes = new Uint8Array(await (await get(study.images.file)).arrayBuffer());
  const { side, channels, classes } = study.study;
  const { labels, indices } = study.images;
  const size = side * side * channels;
  if (bytes.length !== size * labels.length) throw new Error("the images have another size");
  return {
    pictures: labels.map((_, index) => ({
      height: side,
      width: side,
      channels: channels === 3 ? 3 : 1,
      data: Float32Array.from(bytes.subarray(index * size, (index + 1) * size), (value) => value / 255),
    })),
    names: labels.map((label) => classes[label]),
    indices,
  };
}

/**
 * Load a network.
 *
 * @throws Error if its file is missing or does not fit its description.
 */
export async function loadNetwork(description: NetworkDescription): Promise<Network> {
  const file = await (await get(description.file)).arrayBuffer();
  return { description, layers: readLayers(description.layers, file) };
}
