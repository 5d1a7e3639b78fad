import type { PictureData } from "../parts/picture.tsx";
import type { Images } from "../resources.ts";
import { get, type Study } from "../study.ts";

/** Test images on which a network is measured. */
export interface Sample {
  readonly labels: ArrayLike<number>;
  image(index: number): PictureData;
}

let loading: Promise<Sample> | null = null;

/**
 * Load the sample of test images, once.
 *
 * @throws Error if its file is missing, damaged, or of another size than the study says.
 */
export function loadSample(study: Study): Promise<Sample> {
  loading ??= load(study).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(study: Study): Promise<Sample> {
  const { file, images } = study.sample;
  const { side, channels } = study.study;
  const { body } = await get(file);
  if (!body) throw new Error(`${file}: empty`);
  const content = await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  const size = side * side * channels;
  if (content.byteLength !== images * (2 + size)) throw new Error(`${file}: of another size`);
  const view = new DataView(content);
  const pixels = new Uint8Array(content, 2 * images);
  return {
    labels: Uint16Array.from({ length: images }, (_, index) => view.getUint16(2 * index, true)),
    image: (index) => ({
      height: side,
      width: side,
      channels: channels === 3 ? 3 : 1,
      data: Float32Array.from(pixels.subarray(index * size, (index + 1) * size), (value) => value / 255),
    }),
  };
}

/** The test images that the page shows, as a sample. */
export function sampleOf(images: Images, study: Study): Sample {
  return { labels: study.images.labels, image: (index) => images.pictures[index] };
}
