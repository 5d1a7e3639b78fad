import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { YourNetwork } from "./model.ts";
import type { Shifted } from "./shifted.ts";

/** The reader's own network, and what was measured of it so far. */
export interface Yours {
  readonly network: YourNetwork | null;
  readonly shifted: readonly Shifted[];
}

export const NONE: Yours = { network: null, shifted: [] };

export const YoursContext = createContext<Yours>(NONE);

export function useYours(): Yours {
  return useContext(YoursContext);
}
