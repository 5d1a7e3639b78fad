import { run } from "./forward/network.ts";
import type { Tensor } from "./forward/tensor.ts";
import type { Network } from "./resources.ts";
import type { Role } from "./study.ts";

/** What a network says of one image. */
export interface Answer {
  readonly probabilities: Float32Array;
  /** One per class; differences between images are what counts. Logits where they are known. */
  readonly scores: Float32Array;
}

/** A network, however it is computed. */
export interface Classifier {
  readonly key: string;
  readonly role: Role | "yours";
  /** Pixels per side of its images. */
  readonly side: number;
  answer(images: readonly Tensor[]): Promise<readonly Answer[]>;
}

/** One of the page's own networks. */
export function classifierOf({ description, layers }: Network): Classifier {
  return {
    key: description.run,
    role: description.role,
    side: description.side,
    answer: async (images) =>
      images.map((image) => {
        const { probabilities, logits } = run(layers, image);
        return { probabilities, scores: logits };
      }),
  };
}
