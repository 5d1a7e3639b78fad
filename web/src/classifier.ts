import { run } from "./forward/network.ts";
import type { Tensor } from "./forward/tensor.ts";
import type { Network } from "./resources.ts";
import type { Rival, Role } from "./study.ts";

/** What a network says of one image. */
export interface Answer {
  readonly probabilities: Float32Array;
  /** One per class; differences between images are what counts. Logits where they are known. */
  readonly scores: Float32Array;
}

/** What a view knows a network by; the reader's own is called by its file's name. */
export type Shown = Role | "yours";

/** A network, however it is computed. */
export interface Classifier {
  readonly key: string;
  readonly role: Shown;
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

/**
 * The networks of a view in their order, the reader's own in the place of a rival.
 *
 * @param place which rival it replaces; null where there is no network of the reader's.
 * @param yours the reader's own; null while it has not answered yet.
 */
export function inPlace<T extends { readonly role: Shown }>(own: readonly T[], place: Rival | null, yours: T | null): T[] {
  const kept = own.filter((each) => each.role !== place);
  if (!yours) return kept;
  const before = place === "dense" ? 0 : kept.filter((each) => each.role === "dense").length;
  return [...kept.slice(0, before), yours, ...kept.slice(before)];
}
