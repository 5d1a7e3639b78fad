import { useEffect, useState } from "preact/hooks";
import type { Answer } from "../classifier.ts";
import type { PictureData } from "../parts/picture.tsx";
import { moved } from "../picture/moved.ts";
import { useYours } from "./context.tsx";
import type { Explained, YourNetwork } from "./model.ts";

/** What the reader's network says of a picture at a place, and how it came about where that can be read. */
export interface Said {
  readonly network: YourNetwork;
  readonly picture: PictureData;
  readonly right: number;
  readonly down: number;
  readonly answer: Answer;
  readonly explained: Explained | null;
}

/** What the reader's network says, a moment later than the page's own; until then what it said last, or null. */
export function useSaid(picture: PictureData, right: number, down: number): Said | null {
  const { network } = useYours();
  const [said, setSaid] = useState<Said | null>(null);
  useEffect(() => {
    if (!network) return undefined;
    let current = true;
    const ask = async () => {
      const image = moved(picture, network.side, right, down);
      const [answer] = await network.answer([image]);
      const explained = current && network.explain ? await network.explain(image) : null;
      if (current) setSaid({ network, picture, right, down, answer, explained });
    };
    // One that is taken away meanwhile answers no more.
    ask().catch((error: unknown) => {
      if (current) throw error;
    });
    return () => {
      current = false;
    };
  }, [network, picture, right, down]);
  return said?.network === network ? said : null;
}
